"""The figure of a process tree: bounded at any size, counts that add up, texts of others harmless."""

from __future__ import annotations

import json

import pyarrow as pa
import pytest

from flowsleuth.analyze.process_tree import process_tree
from flowsleuth.errors import OptionError
from flowsleuth.faces.views.process_trees import ProcessTreeDisplay
from flowsleuth.viz import figure
from flowsleuth.viz.drawn import draw
from flowsleuth.viz.process_tree import NODES, process_tree_section
from flowsleuth.viz.svg import still_picture

EVIL = '<img src=x onerror="alert(1)">\x1b[31m'


def made(parents, **columns):
    size = len(parents)
    rows = {"name": [f"p{at % 90}.exe" for at in range(size)], "pid": range(1, size + 1), "parent_pid": parents,
            "start": range(size), "command_line": [f"run {at} " + "x" * 300 for at in range(size)]}  # fmt: skip
    return process_tree(pa.table(rows | columns), "flowsleuth").table


@pytest.mark.parametrize(
    "parents", [list(range(30_000)), [0] * 30_000, [max(0, (at - 1) // 3) for at in range(30_000)]]
)
def test_the_size_is_bounded_and_nothing_is_lost(parents):
    spec = figure(process_tree_section(made(parents)))
    assert len(spec["nodes"]) == NODES
    assert len(json.dumps(spec)) < 1_500_000
    lost_trees = parents == [0] * 30_000
    assert lost_trees or len(spec["nodes"]) + sum(node[9] for node in spec["nodes"]) == 30_000
    assert "are drawn" in spec["note"]
    for at, node in enumerate(spec["nodes"]):
        assert node[1] < at
    drawing = draw(spec)
    assert len(drawing.shapes) < 1_000
    assert drawing.height < 1_400


def test_what_is_drawn(tmp_path):
    tree = made([0, 1, 1, 99], user=["root", "bob", None, "root"], name=["init", EVIL, "c", "d"])
    spec = figure(process_tree_section(tree))
    assert spec["group_by"] == "user"
    assert [(one["name"], one["processes"]) for one in spec["groups"]] == [("root", 2), ("unknown", 2), ("bob", 1)]
    names = [spec["names"][node[2]] if node[2] >= 0 else None for node in spec["nodes"]]
    assert names == ["init", EVIL, "c", None, "d"]
    assert [node[1] for node in spec["nodes"]] == [-1, 0, 0, -1, 3]
    assert [node[8] for node in spec["nodes"]] == [0, 0, 0, 1, 0]
    picture = still_picture(spec)
    assert "<img" not in picture
    assert "\x1b" not in picture
    assert 'aria-label="Process tree: 5 processes in 2 trees"' in picture


def test_a_part_of_a_tree_is_drawn_as_it_is():
    tree = made([0, 1, 2, 3])
    part = tree.slice(1, 2)
    spec = figure(process_tree_section(part, group_by="proc_name"))
    assert [node[:2] for node in spec["nodes"]] == [[1, -1], [2, 0]]
    assert [node[9] for node in spec["nodes"]] == [0, 0]
    assert spec["group_by"] == "program"


def test_no_process_and_no_tree():
    empty = made([]).slice(0, 0)
    assert figure(process_tree_section(empty))["absent"] == "no process"
    with pytest.raises(OptionError, match="build_process_tree makes one"):
        process_tree_section(pa.table({"pid": [1]}))
    with pytest.raises(OptionError, match="no such column"):
        process_tree_section(made([0]), group_by="colour")


def test_what_is_marked_is_read_back():
    pytest.importorskip("anywidget")
    shown = ProcessTreeDisplay(made([0, 1, 1]))
    assert len(shown.value) == 0
    shown.widget.picked = {"name": "p1.exe", "nodes": [1, 2]}
    assert shown.value["proc_pid"].to_pylist() == [2, 3]
    shown.widget.picked = None
    assert shown.nodes == []
