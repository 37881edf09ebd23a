"""The chain on pandas frames: only when it is enabled, never changing what it is called on."""

from __future__ import annotations

import subprocess
import sys

import pandas as pd
import pytest

import flowsleuth
from flowsleuth.errors import OptionError
from flowsleuth.faces import frames
from flowsleuth.faces.frames import Chain


@pytest.fixture
def frame():
    return pd.DataFrame(
        {"ip": ["10.0.0.5", None, "192.0.2.7"], "n": [2.0, 1.0, None], "ok": [True, False, True]}, index=[7, 8, 9]
    )


def test_nothing_is_registered_before_it_is_asked_for():
    code = (
        "import pandas, flowsleuth.workspace.pivots, flowsleuth.faces.frames as f\n"
        "assert not hasattr(pandas.DataFrame, 'fs')\n"
        "f.enable(); f.enable()\n"
        "assert pandas.DataFrame({'n': [1]}).fs.filter(1).shape == (1, 1)\n"
        "try: f.enable('merge')\n"
        "except f.accessor.OptionError: print('refused')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "refused"


def test_every_step_leaves_the_frame_as_it_was(frame, capsys):
    before = frame.copy(deep=True)
    kept = []
    chain = Chain(frame)
    assert chain.filter("10.0.")["ip"].tolist() == ["10.0.0.5"]
    assert chain.filter("^192", regex=True).index.tolist() == [9]
    assert chain.filter("none").empty and chain.filter("nan").empty  # what is null holds no text
    assert chain.filter(1).index.tolist() == [8]  # not True
    assert chain.filter("TRUE", columns="ok").index.tolist() == [7, 9]
    assert chain.filter("TRUE", columns=["ok"], match_case=True).empty
    assert chain.sort("n").index.tolist() == [8, 7, 9] and chain.sort("n:desc").index.tolist() == [7, 8, 9]
    assert list(chain.columns("N", "ip")) == ["n", "ip"]
    assert chain.tee(kept.append) is frame and kept[0] is not frame
    assert chain.display("A\x1b[31m", rows=1) is frame
    assert "A\\x1b[31m: 1 of 3 rows" in capsys.readouterr().out
    pd.testing.assert_frame_equal(frame, before)


def test_shown_html_is_escaped(frame):
    shown = []
    Chain(frame.assign(ip="<script>")).display("<b>", show=shown.append)
    assert "<script>" not in shown[0]._repr_html_() and "&lt;b&gt;" in shown[0]._repr_html_()


@pytest.mark.parametrize(
    ("step", "says"),
    [
        (lambda chain: chain.sort("x"), "no such column"),
        (lambda chain: chain.sort("n:up"), "neither asc nor desc"),
        (lambda chain: chain.sort(), "no columns to sort by"),
        (lambda chain: chain.columns("x*"), "no such column"),
        (lambda chain: chain.filter("a", columns="x"), "no such columns"),
        (lambda chain: chain.filter("(", regex=True), "not a regular expression"),
        (lambda chain: chain.run("IpAddress.peers", column="ip"), "a name says no workspace"),
    ],
)
def test_refusals(frame, step, says):
    with pytest.raises(OptionError, match=says):
        step(Chain(frame))


def test_a_chain_with_a_pivot(demo_case):
    frames.enable()
    with flowsleuth.open(demo_case) as ws:
        peers = ws.ip("10.0.1.4").peers().to_pandas()
        found = peers.fs.run(ws.pivots().IpAddress.flows, column="peer", join="inner", limit=50).fs.sort("start")
        assert len(found) and set(found["peer"]) <= set(peers["peer"]) and found["start"].is_monotonic_increasing
        same = peers.fs.run("ipaddress.flows", ws=ws, column="peer", join="inner", limit=50)
        assert len(same) == len(found)
