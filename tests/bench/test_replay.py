"""The feedback benchmark's own promises: what the analyst sees and says, and that nothing of the answer leaks."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.slow

BENCH = Path(__file__).resolve().parents[2] / "bench"


@pytest.fixture(scope="module")
def replay():
    """The module, and one replay of an attack that goes on, scored."""
    sys.path.insert(0, str(BENCH))
    try:
        import replay as module
    except ImportError as error:
        pytest.skip(f"needs what the benchmarks install: {error}")
    finally:
        sys.path.remove(str(BENCH))
    sweep = next(one for one in module.load_injected() if one.name.startswith("sweep") and one.name.endswith("goes on"))
    return module, module.Scored(sweep, "suspicious")


def test_a_capture_is_cut_in_time_with_bad_flows_on_both_sides(replay) -> None:
    module, scored = replay
    flows = scored.replay.first
    late = np.arange(len(flows)) >= len(flows) - 4
    starts = flows["start"].cast("int64").to_numpy()
    capture = module.Capture("late", flows, late[np.argsort(np.argsort(starts, kind="stable"))], None, "")
    cut = module.cut(capture)
    assert (cut.is_bad.sum(), cut.is_bad_after.sum()) == (2, 2)
    assert cut.first["start"].to_numpy().max() <= cut.after["start"].to_numpy().min()


def test_the_analyst_rates_suspects_as_the_queue_labels_them(replay) -> None:
    _, scored = replay
    labels, low = scored.rate(10, 0.0)
    surprise = labels["surprise"].to_numpy()
    assert np.all(np.diff(surprise) <= 0)
    sweep = next(row for row in labels.to_pylist() if row["severity"] == 1)
    assert (sweep["src_ip"], sweep["dst_ip"], sweep["service_port"], sweep["flows"]) == ("10.1.0.33", None, 445, 199)
    assert len(low) == sum(row["flows"] for row in labels.to_pylist() if row["severity"] == 3)
    wrong, _ = scored.rate(10, 1.0)
    assert wrong["severity"].to_pylist() == [4 - severity for severity in labels["severity"].to_pylist()]


def test_ratings_help_with_what_goes_on(replay) -> None:
    module, scored = replay
    from flowsleuth.triage.feedback import learn

    labels, _ = scored.rate(10, 0.0)
    plain = scored.after["surprise"].to_numpy()
    is_new = module.is_unrated(scored.columns, labels)
    before = module.measure_ranking(plain, scored, is_new)
    after = module.measure_ranking(plain + learn(labels).effect(scored.columns), scored, is_new)
    assert after.suspect_ap >= before.suspect_ap
    assert after.flow_ap > before.flow_ap - 1e-9
