"""Bounded runs of the fuzzer, and the same targets under hypothesis, where what fails is made small."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.targets import TARGETS

HERE = Path(__file__).parent
RUNS = int(os.environ.get("FUZZ_RUNS", "1500"))
"""Inputs for each target; set ``FUZZ_RUNS`` for more."""
SECONDS, MEMORY_MB, SLOWEST_S, LONGEST = 20, 1_500, 10, 4_096


@pytest.mark.fuzz
@pytest.mark.skipif(importlib.util.find_spec("atheris") is None, reason="atheris is not installed")
@pytest.mark.parametrize("name", TARGETS)
def test_the_fuzzer_finds_nothing(name, tmp_path):
    """No crash, no input that takes ten seconds, no more than 1.5 GB."""
    command = [
        sys.executable, HERE / "run_atheris.py", name, f"-runs={RUNS}", f"-max_total_time={SECONDS}",
        f"-rss_limit_mb={MEMORY_MB}", f"-timeout={SLOWEST_S}", f"-max_len={LONGEST}", "-seed=1",
        f"-artifact_prefix={tmp_path}/", "-verbosity=0",
    ]  # fmt: skip
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False, timeout=300)
    left = [f"{path.name}: {path.read_bytes()[:400]!r}" for path in tmp_path.iterdir()]
    assert done.returncode == 0, f"{left}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    assert not left


@st.composite
def spoilt(draw: st.DrawFn, seeds: list[bytes]) -> bytes:
    """A seed with some bytes changed, cut, put in, or said twice; or any bytes."""
    data = bytearray(draw(st.sampled_from(seeds)))
    for _ in range(draw(st.integers(0, 6))):
        at = draw(st.integers(0, max(len(data) - 1, 0)))
        how = draw(st.sampled_from(("change", "cut", "put in", "twice", "end")))
        if how == "change" and data:
            data[at] = draw(st.integers(0, 255))
        elif how == "cut":
            del data[at : at + draw(st.integers(1, 40))]
        elif how == "put in":
            data[at:at] = draw(st.binary(max_size=12))
        elif how == "twice":
            data[at:at] = data[at : at + draw(st.integers(1, 60))]
        else:
            del data[at:]
    return bytes(data)


@pytest.mark.parametrize("name", TARGETS)
def test_spoilt_seeds_do_no_harm(name):
    target = TARGETS[name]

    @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(st.one_of(spoilt(target.seeds), st.binary(max_size=400), st.text(max_size=200).map(str.encode)))
    def check(data: bytes) -> None:
        target.run(data)

    for seed in target.seeds:
        target.run(seed)
    check()
