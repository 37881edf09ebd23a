"""Who started whom, worked out by hand; then on forests that are made up, whose parents are known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowsleuth.analyze import relatives
from flowsleuth.analyze.process_schema import SCHEMAS, ProcessSchema
from flowsleuth.analyze.process_tree import TREE_COLUMNS, build_process_tree, process_tree
from flowsleuth.analyze.tree_text import tree_to_text
from flowsleuth.errors import OptionError

COLUMNS = ("start", "host", "pid", "parent_pid", "name")


def rows(*told, columns=COLUMNS):
    made = pd.DataFrame(list(told), columns=list(columns))
    if "start" in made:
        made["start"] = pd.Timestamp("2024-03-14T12:00Z") + pd.to_timedelta(made["start"], unit="s")
    return made


def parents(tree):
    """(host, name, pid) of each node that has a row → the parent's name, and how it was found."""
    named = tree.set_index("node")["proc_name"]
    own = tree[~tree["is_inferred"]]
    found = {
        row.source_index: (None if pd.isna(row.parent_node) else named[int(row.parent_node)], row.linked_by)
        for row in own.itertuples()
    }
    return {label: tuple(None if pd.isna(one) else one for one in told) for label, told in found.items()}


def test_a_parent_is_sought_on_the_same_host_only():
    procs = rows((0, "A", 100, 1, "a.exe"), (1, "B", 100, 1, "b.exe"), (2, "A", 7, 100, "x"), (3, "C", 8, 100, "y"))
    tree = build_process_tree(procs)
    assert parents(tree)[2] == ("a.exe", "id")
    at_c = tree[tree["source_index"] == 3].iloc[0]
    assert at_c["linked_by"] == "inferred"
    parent = tree[tree["node"] == at_c["parent_node"]].iloc[0]
    assert (parent["host"], parent["pid"], parent["is_inferred"]) == ("C", 100, True)
    assert len(tree) == 4 + 3  # pid 1 of A and of B, pid 100 of C


def test_a_process_that_names_itself_is_a_root():
    tree = build_process_tree(rows((0, "A", 4, 4, "System"), (1, "A", 9, 4, "smss.exe")))
    assert tree["proc_name"].tolist() == ["System", "smss.exe"]
    assert tree["linked_by"].tolist() == ["self", "id"]
    assert tree["level"].tolist() == [0, 1]


def test_no_rows_give_a_tree_of_none():
    empty = pd.DataFrame({name: pd.Series(dtype="object") for name in COLUMNS})
    tree = build_process_tree(empty)
    assert len(tree) == 0
    assert set(TREE_COLUMNS) <= set(tree.columns)
    assert tree_to_text(tree) == ""
    assert relatives.get_summary_info(tree)["Processes"] == 0
    assert len(relatives.get_roots(tree)) == 0


@pytest.mark.parametrize("start", [[0, 0, 0], [2, 1, 0], [None, None, None]])
def test_circles_are_cut_once(start):
    procs = rows((start[0], "A", 1, 3, "a"), (start[1], "A", 2, 1, "b"), (start[2], "A", 3, 2, "c"))
    tree = build_process_tree(procs, {"process_name": "name", "process_id": "pid", "parent_id": "parent_pid"})
    assert len(tree) == 3
    assert tree["linked_by"].tolist().count("circle") == 1
    assert tree["parent_node"].isna().sum() == 1


def test_circles_of_guids_are_cut():
    procs = pd.DataFrame({"name": ["a", "b", "c"], "pid": [1, 2, 3], "parent_pid": [2, 1, 1],
                          "process_guid": ["g1", "g2", "g3"], "parent_guid": ["g2", "g1", "g1"]})  # fmt: skip
    tree = build_process_tree(procs, "flowsleuth")
    assert sorted(tree["linked_by"]) == ["circle", "guid", "guid"]
    assert tree["level"].tolist() == [0, 1, 1]


def test_ids_are_used_again():
    """The parent is the latest of that id that began before the child."""
    procs = rows(
        (0, "A", 100, 0, "first"), (5, "A", 11, 100, "x"), (10, "A", 100, 0, "second"), (15, "A", 12, 100, "y"),
        (10, "A", 13, 100, "at once"),
    )  # fmt: skip
    found = parents(build_process_tree(procs))
    assert [found[at][0] for at in (1, 3, 4)] == ["first", "second", "second"]


def test_who_is_told_to_have_another_name_is_not_the_parent():
    columns = (*COLUMNS, "parent_name")
    procs = rows(
        (0, "A", 100, 0, "/bin/bash", None), (5, "A", 100, 0, r"C:\x\NOTEPAD.exe", None),
        (6, "A", 11, 100, "x", "notepad.EXE"), (7, "A", 12, 100, "y", "bash"), (8, "A", 13, 100, "z", None),
        columns=columns,
    )  # fmt: skip
    tree = build_process_tree(procs)
    found = parents(tree)
    assert found[2] == ("NOTEPAD.exe", "id")
    assert found[3] == ("bash", "inferred")  # the one of that name was over when notepad got its id
    assert found[4] == ("NOTEPAD.exe", "id")
    assert tree[tree["is_inferred"]]["proc_pid"].tolist() == [100]


def test_names_that_linux_cut_are_the_same():
    whole, cut = "/usr/bin/gnome-terminal-server", "gnome-terminal-"
    procs = rows((0, "A", 5, 0, whole, None), (1, "A", 6, 5, "sh", cut), columns=(*COLUMNS, "parent_name"))
    assert parents(build_process_tree(procs))[1] == ("gnome-terminal-server", "id")


def test_who_has_ended_is_not_the_parent():
    procs = rows((0, "A", 100, 0, "gone"), (5, "A", 11, 100, "x"), (9, "A", 12, 100, "y"))
    procs["over"] = [procs["start"][0] + pd.Timedelta("7s"), None, None]
    schema = ProcessSchema("name", "pid", "parent_pid", "start", host_name_column="host", end_time="over")
    tree = build_process_tree(procs, schema)
    assert parents(tree) == {0: (None, None), 1: ("gone", "id"), 2: (None, "inferred")}


def windows(*told):
    made = pd.DataFrame(
        list(told), columns=["EventID", "at", "Computer", "NewProcessId", "ProcessId", "NewProcessName"]
    )
    made["TimeCreated"] = made.pop("at")
    made["TimeGenerated"] = pd.Timestamp("2019-01-15T05:00Z") + pd.to_timedelta(made["TimeCreated"], unit="s")
    return made


def test_ends_are_read_from_records_of_their_own():
    procs = windows(
        (4688, 0, "A", "0x64", "0x0", r"C:\gone.exe"), (4689, 7, "A", None, "0x64", None),
        (4688, 5, "a", "0xb", "0x64", "x"), (4688, 9, "A", "0xc", "100", "y"), (4624, 9, "A", None, None, None),
    )  # fmt: skip
    told = process_tree(procs)
    assert (told.schema.name, told.left_out) == ("windows_4688", 2)
    tree = told.table.to_pandas()
    assert [parents(tree)[at][1] for at in (2, 3)] == ["id", "inferred"]


@pytest.mark.parametrize(("child", "parent"), [("0x1F4", "500"), ("500", "0x1f4"), (500, 500.0), ("500.0", " 0X1f4 ")])
def test_ids_are_compared_as_numbers(child, parent):
    procs = pd.DataFrame({"name": ["p", "c"], "pid": [child, 7], "parent_pid": [None, parent]})
    assert build_process_tree(procs, "flowsleuth")["level"].tolist() == [0, 1]


def test_a_guid_decides():
    procs = pd.DataFrame({
        "UtcTime": ["2024-03-14 12:00:00", "2024-03-14 12:00:01", "2024-03-14 12:00:02", "2024-03-14 12:00:03"],
        "Computer": "A", "Image": [r"C:\one.exe", r"C:\two.exe", r"C:\x.exe", r"C:\y.exe"],
        "ProcessId": [100, 100, 7, 8], "ParentProcessId": [1, 1, 100, 100],
        "ProcessGuid": ["{AAAA-1}", "{AAAA-2}", "{AAAA-3}", "{AAAA-4}"],
        "ParentProcessGuid": ["{AAAA-0}", "{00000000-0000-0000-0000-000000000000}", "{aaaa-1}", "{AAAA-9}"],
    })  # fmt: skip
    tree = build_process_tree(procs)
    assert tree.attrs["process_schema"]["name"] == "sysmon_1"
    found = parents(tree)
    assert found[2] == ("one.exe", "guid")  # though two.exe had the id last
    assert found[3] == (None, "inferred")
    assert found[1] == (None, "inferred")  # no guid is told: by its id, with the one of that id that is told by guid
    assert tree["is_inferred"].sum() == 2


def test_grandparents_are_put_in_where_rows_tell_of_them():
    procs = pd.DataFrame({
        "ProcessCreationTime": ["2024-03-14T12:00:09Z", "2024-03-14T12:00:10Z"], "DeviceName": ["a", "A"],
        "FileName": ["mshta.exe", "calc.exe"], "ProcessId": [9, 10], "InitiatingProcessId": [5, 6],
        "InitiatingProcessFileName": ["cmd.exe", "powershell.exe"],
        "InitiatingProcessCreationTime": ["2024-03-14T12:00:05Z", "2024-03-14T12:00:06Z"],
        "InitiatingProcessParentId": [3, 5], "InitiatingProcessParentFileName": ["WinRAR.exe", "cmd.exe"],
    })  # fmt: skip
    tree = build_process_tree(procs)
    names, marks = tree["proc_name"].tolist(), tree["is_inferred"].tolist()
    assert names == ["WinRAR.exe", "cmd.exe", "mshta.exe", "powershell.exe", "calc.exe"]  # by their first children
    assert tree["level"].tolist()[:2] == [0, 1]
    assert sum(marks) == 3
    assert tree[tree["proc_name"] == "powershell.exe"]["parent_node"].tolist() == [1]


def test_a_parent_that_began_at_another_time_is_another():
    columns = (*COLUMNS, "parent_start")
    procs = rows((0, "A", 100, 0, "p", None), (9, "A", 7, 100, "x", 0), (9, "A", 8, 100, "y", 5), columns=columns)
    procs["parent_start"] = pd.Timestamp("2024-03-14T12:00Z") + pd.to_timedelta(procs["parent_start"], unit="s")
    found = parents(build_process_tree(procs))
    assert found[1] == ("p", "id")
    assert found[2][1] == "inferred"


def test_rows_that_come_twice_are_one_process():
    procs = rows((0, "A", 5, 0, "p"), (0, "A", 5, 0, "p"), (1, "A", 6, 5, "c"), (1, "A", 6, 5, "other"))
    told = process_tree(procs)
    assert told.repeated == 1
    assert told.table["record_count"].to_pylist() == [2, 1, 1]
    assert "1 row tells what another row tells" in told.read_as()


def test_two_sources_of_one_start_are_one_process():
    procs = rows((0.4, "A", 5, 1, "p"), (0, "A", 5, 1, "p"), (9, "A", 7, 5, "c"), (0.8, "A", 5, 1, "q"))
    procs["process_guid"], procs["parent_guid"] = ["g5", None, "g7", None], [None, None, "g5", None]
    tree = build_process_tree(procs)
    assert tree.loc[tree["proc_name"] == "p", "record_count"].tolist() == [2]
    assert parents(tree)[2] == ("p", "guid")


def test_cells_of_any_kind_are_harmless():
    procs = pd.DataFrame({
        "start": ["yesterday", None, 7, float("nan"), "2024-03-14"], "host": [None, 1.5, "A", b"\xff", ["x"]],
        "pid": ["abc", -4, "0x", None, 2**70], "parent_pid": [{}, "", "0xzz", 1e300, True],
        "name": [None, "\x1b[31mred", 9, b"\x00", "n"], "command_line": [None, "a\u202eb", 1, [], {}],
    })  # fmt: skip
    before = procs.copy(deep=True)
    tree = build_process_tree(procs, "flowsleuth")
    assert sorted(tree["source_index"].dropna()) == [0, 1, 2, 3, 4]
    pd.testing.assert_frame_equal(procs, before)
    written = tree_to_text(tree)
    assert "\x1b" not in written
    assert "\u202e" not in written


def test_input_is_not_changed_and_labels_are_kept():
    procs = rows((0, "A", 5, 0, "p"), (1, "A", 6, 5, "c")).set_index(pd.Index(["first", "second"]))
    before = procs.copy(deep=True)
    tree = build_process_tree(procs)
    pd.testing.assert_frame_equal(procs, before)
    assert tree["source_index"].tolist() == ["first", "second"]


def test_a_tree_can_be_made_of_a_tree_and_names_that_clash_are_kept():
    procs = rows((0, "A", 5, 9, "p"), (1, "A", 6, 5, "c")).assign(level=["x", "y"])
    once = build_process_tree(procs)
    assert once["level_given"].isna().tolist() == [True, False, False]
    assert once["level_given"].tolist()[1:] == ["x", "y"]
    again = build_process_tree(once)
    assert again["proc_name"].tolist()[1:] == ["p", "c"]
    assert len(again) == 3


def test_every_make_of_table_comes_back():
    procs = rows((0, "A", 5, 0, "p"), (1, "A", 6, 5, "c"))
    arrow = build_process_tree(pa.Table.from_pandas(procs))
    assert isinstance(arrow, pa.Table)
    assert arrow.schema.metadata[b"process_schema"] == b"flowsleuth"
    assert relatives.get_children(arrow, 0)["proc_name"].to_pylist() == ["c"]
    polars = pytest.importorskip("polars")
    tree = build_process_tree(polars.from_pandas(procs))
    assert isinstance(tree, polars.DataFrame)
    assert relatives.get_children(tree, 0)["proc_name"].to_list() == ["c"]


def test_relatives_take_rows_and_numbers():
    procs = rows((0, "A", 5, 0, "p"), (1, "A", 6, 5, "c"), (2, "A", 7, 5, "d"), (3, "A", 8, 6, "e"))
    tree = build_process_tree(procs)
    child = tree[tree["proc_name"] == "c"].iloc[0]
    assert relatives.get_parent(tree, child)["proc_name"] == "p"
    assert relatives.get_siblings(tree, child)["proc_name"].tolist() == ["c", "d"]
    assert relatives.get_descendants(tree, 0, max_levels=1)["proc_name"].tolist() == ["p", "c", "d"]
    assert relatives.get_ancestors(tree, 2, include_source=False)["proc_name"].tolist() == ["p", "c"]
    assert relatives.get_path(tree, 2) == "p / c / e"
    assert relatives.get_root(tree, 2)["proc_name"] == "p"
    assert relatives.get_tree_depth(tree) == 3
    for wrong in (99, "c", None):
        with pytest.raises(OptionError):
            relatives.get_children(tree, wrong)


def test_what_does_not_fit_is_told():
    with pytest.raises(OptionError, match="no schema of processes fits"):
        build_process_tree(pd.DataFrame({"a": [1]}))
    with pytest.raises(OptionError, match="sysmon_1"):
        build_process_tree(pd.DataFrame({"a": [1]}), "sysmon")
    with pytest.raises(OptionError, match="needs Image"):
        build_process_tree(pd.DataFrame({"ProcessId": [1], "ParentProcessId": [1]}), "sysmon_1")
    with pytest.raises(OptionError, match="no such field"):
        build_process_tree(pd.DataFrame({"a": [1]}), {"pid": "a"})
    with pytest.raises(OptionError, match="no such column"):
        build_process_tree(pd.DataFrame({"a": [1]}), ProcessSchema("a", "a", "b"))


@pytest.mark.parametrize("name", SCHEMAS)
def test_each_schema_is_guessed_from_its_own_columns(name):
    spelled, values = SCHEMAS[name]
    frame = pd.DataFrame({columns[0]: ["1"] for columns in spelled.values()})
    if "event_id_column" in spelled:
        frame[spelled["event_id_column"][0]] = values["event_id_identifier"]
    assert process_tree(frame).schema.name == name


def test_a_long_chain_is_built_and_written():
    size = 20_000
    procs = rows(*((at, "A", at + 1, at, "x") for at in range(size)))
    tree = build_process_tree(procs)
    assert tree["level"].tolist() == list(range(size))
    assert len(tree_to_text(tree).splitlines()) == 501
    assert relatives.get_path(tree, size - 1).count("/") == 40


@pytest.mark.soak
@settings(max_examples=60, deadline=None)
@given(st.data())
def test_made_up_forests_have_their_parents_whatever_the_order_of_rows(data):
    """Ids are used again after the end of a process and of all its children; hosts share ids."""
    draw = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    size, told, free, alive = 60, [], list(range(10, 30)), []
    for at in range(size):
        host = int(draw.integers(2))
        mine = [one for one in alive if one[1] == host]
        if len(mine) > 8:  # the youngest ends: it has no children that live
            over = mine[-1]
            alive.remove(over)
        used = {one[2] for one in alive if one[1] == host}
        pid = int(draw.choice([one for one in free if one not in used]))
        parent = mine[int(draw.integers(len(mine)))] if mine and draw.random() < 0.9 else None
        if parent not in alive:
            parent = None
        told.append(
            (at, f"h{host}", pid, 0 if parent is None else parent[2], f"p{at}", None if parent is None else parent[0])
        )
        alive.append((at, host, pid))
    frame = rows(*told, columns=(*COLUMNS, "truth"))
    truth = {at: None if pd.isna(one) else f"p{int(one)}" for at, one in frame["truth"].items()}
    for shuffled in (frame, frame.sample(frac=1, random_state=1)):
        tree = build_process_tree(shuffled)
        assert {at: one[0] for at, one in parents(tree).items()} == truth
        nodes = tree["node"].to_numpy()
        assert nodes.tolist() == list(range(size))
        for row in tree.itertuples():  # the interval that descendants are found by
            below = tree[(tree["node"] > row.node) & (tree["node"] <= row.node + row.descendant_count)]
            assert (below["level"] > row.level).all()
            assert (tree["parent_node"] == row.node).sum() == row.child_count


@pytest.mark.parametrize(("at", "missing"), [(1, 1), (6, 1), (90, 2)])
def test_two_sources_that_tell_of_one_missing_parent(at, missing):
    """One tells its guid; the other its id only, while or long after the first's children began."""
    procs = rows((0, "A", 7, 100, "x"), (at, "A", 8, 100, "y"), (2, "A", 9, 100, "z"))
    procs["process_guid"], procs["parent_guid"] = ["g7", None, "g9"], ["g1", None, "g1"]
    tree = build_process_tree(procs)
    assert tree["is_inferred"].sum() == missing
    above = tree.set_index("source_index")["parent_node"]
    assert above[0] == above[2]
    assert (above[0] == above[1]) == (missing == 1)


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_rows_make_a_forest(data):
    """Ids, guids and times in any disorder: every row stands once, below a parent that is no descendant of it."""
    small = st.one_of(st.none(), st.integers(0, 4))
    words = st.one_of(st.none(), st.sampled_from(["a", "b", "{0}", ""]))
    told = data.draw(st.lists(st.tuples(small, small, small, words, words, words, words, small), max_size=14))
    columns = ["pid", "parent_pid", "start", "process_guid", "parent_guid", "name", "parent_name", "parent_start"]
    frame = pd.DataFrame(told, columns=columns).astype(object)
    made = process_tree(frame.assign(host="h"), "flowsleuth")
    tree = made.table.to_pandas()
    assert tree["node"].tolist() == list(range(len(tree)))
    assert tree["record_count"].sum() == len(frame) - made.left_out
    assert tree["level"].iloc[0:1].tolist() in ([], [0])
    for row in tree.itertuples():
        if not pd.isna(row.parent_node):
            parent = tree.iloc[int(row.parent_node)]
            assert parent["node"] < row.node <= parent["node"] + parent["descendant_count"]
            assert parent["level"] == row.level - 1
    assert len(tree_to_text(tree, most=None).splitlines()) == len(tree)
