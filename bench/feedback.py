"""What feedback is worth: an analyst who rates by the labels, and the ranking of what follows with and without.

    python bench/feedback.py [--data ../shared/data/labelled] [--only NAME] [--injected] [--quick]

Each labelled capture is cut in time (:mod:`replay`). The analyst sees the queue of the first part and rates its first
10, 50 or 200 suspects by the labels, all rightly or one in ten wrongly (mean of three draws). Then the flows that
follow are ranked: without feedback, with what the ratings teach at once in the queue, and by the next score. For `spot`
the next score is told twice: by Spot's own means alone (DUPFACTOR), and with the queue's effect on top, as it is shown.

AP is average precision, P@100 precision at 100 of what can be reached, by flows and by suspects (each once, as strong
as its strongest flow). "New" counts only flows whose source, destination and service nobody rated together: what was
learnt of neighbours, not what was remembered.

These are development captures, and most of them call everything bad that one host does, so that knowing the host is
nearly all there is to know; expect less elsewhere. The injected attacks are harder: the infected host has good traffic
too, and in half of them what follows is another attack, from another host, which the ratings must not bury.
"""

from __future__ import annotations

import argparse
import datetime as dt
import sys
import time
from collections.abc import Iterator
from dataclasses import astuple, dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from flowsleuth.triage.feedback import learn
from labelled import load_all
from measure import Finding, Plan
from replay import Measures, Replay, Scored, cut, is_unrated, load_injected, measure_ranking

Floats = NDArray[np.float64]
DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "labelled"
DETECTORS = ("suspicious", "spot")
RATED = (10, 50, 200)
FLIPPED = (0.0, 0.1)
DRAWS = 3
NOTICED = 0.002
"""Changes of less are no win and no loss."""
RATED_MANY, FLOWS, MAX_CPU_S = 2_000, 1_000_000, 1.0
NOON = dt.datetime(2024, 5, 1, 12, tzinfo=dt.UTC)
LABELS = ("AP", "P@100", "AP suspects", "P@100 suspects", "AP new")


@dataclass(frozen=True)
class Row:
    """One capture, detector, number rated, share flipped and way."""

    capture: str
    detector: str
    rated: int
    flipped: float
    way: str
    before: Measures
    after: Measures


def replay(one: Replay, rated: tuple[int, ...] = RATED) -> Iterator[Row]:
    """Every row of a capture."""
    for detector in DETECTORS:
        scored = Scored(one, detector)
        for n in rated:
            for flipped in FLIPPED:
                yield from _rate(scored, n, flipped)


def _rate(scored: Scored, n: int, flipped: float) -> Iterator[Row]:
    """At once, over some draws; by the next score only without wrong ratings, as it takes a run."""
    draws = [_at_once(scored, n, flipped, seed) for seed in range(DRAWS if flipped else 1)]
    before, after = (_mean([draw[side] for draw in draws]) for side in (0, 1))
    yield Row(scored.replay.name, scored.detector, n, flipped, "at once", before, after)
    if flipped:
        return
    labels, low = scored.rate(n, 0.0)
    taught = learn(labels)
    is_new = is_unrated(scored.columns, labels)
    again = scored.next_score(taught, low if len(low) else None)["surprise"].to_numpy()
    if scored.detector == "spot":
        alone = measure_ranking(again, scored, is_new)
        yield Row(scored.replay.name, scored.detector, n, 0.0, "DUPFACTOR alone", before, alone)
        again = again + taught.effect(scored.columns)
    after = measure_ranking(again, scored, is_new)
    yield Row(scored.replay.name, scored.detector, n, 0.0, "next score", before, after)


def _at_once(scored: Scored, n: int, flipped: float, seed: int) -> tuple[Measures, Measures]:
    labels, _ = scored.rate(n, flipped, seed)
    is_new = is_unrated(scored.columns, labels)
    plain = scored.after["surprise"].to_numpy()
    adjusted = plain + learn(labels).effect(scored.columns)
    return measure_ranking(plain, scored, is_new), measure_ranking(adjusted, scored, is_new)


def _mean(many: list[Measures]) -> Measures:
    return Measures(*np.mean([astuple(one) for one in many], axis=0))


def show(row: Row) -> None:
    """One line."""
    pairs = zip(LABELS, astuple(row.before), astuple(row.after), strict=True)
    cells = "  ".join(f"{label} {before:.3f} → {after:.3f}" for label, before, after in pairs if before == before)
    wrong = f", {row.flipped:.0%} wrong" if row.flipped else ""
    print(f"  {row.detector:11s} {row.rated:3d} rated{wrong:11s} {row.way:16s} {cells}", flush=True)


def summarize(rows: list[Row]) -> None:
    """Means over captures, captures won and lost, and the worst."""
    captures = len({row.capture for row in rows})
    print(f"\nmeans over {captures}; (won, lost; worst change)")
    for key in dict.fromkeys((row.detector, row.rated, row.flipped, row.way) for row in rows):
        mine = [row for row in rows if (row.detector, row.rated, row.flipped, row.way) == key]
        before, after = (np.array([astuple(getattr(row, side)) for row in mine]) for side in ("before", "after"))
        cells = []
        for column, label in enumerate(LABELS):
            known = ~np.isnan(before[:, column] + after[:, column])
            if not known.any():
                continue
            gain = (after - before)[known, column]
            means = before[known, column].mean(), after[known, column].mean()
            won, lost = int((gain > NOTICED).sum()), int((gain < -NOTICED).sum())
            cells.append(f"{label} {means[0]:.3f} → {means[1]:.3f} ({won}, {lost}; {gain.min():+.3f})")
        detector, rated, flipped, way = key
        wrong = f", {flipped:.0%} wrong" if flipped else ""
        print(f"  {detector:11s} {rated:3d} rated{wrong:11s} {way:16s} {'  '.join(cells)}")


def run(replays: list[Replay], rated: tuple[int, ...] = RATED) -> list[Row]:
    """Replay them all, telling each line as it comes."""
    rows = []
    for one in replays:
        bad, size = int(one.is_bad_after.sum()), len(one.after)
        print(f"\n{one.name}: {len(one.first):,} flows, then {size:,} with {bad:,} bad")
        for row in replay(one, rated):
            show(row)
            rows.append(row)
    return rows


def measure(plan: Plan) -> Iterator[Finding]:
    """For bench/run.py: what the effect on many flows costs; 50 rated, at once, means over the captures."""
    rng = np.random.default_rng(plan.seed)
    taught = learn(_about(rng, RATED_MANY, made=[NOON] * RATED_MANY, severity=[3, 1] * (RATED_MANY // 2)))
    rows = _about(rng, FLOWS)
    began = time.process_time()
    taught.effect(rows)
    cost = time.process_time() - began
    what = f"feedback, effect of {RATED_MANY:,} ratings on {FLOWS:,} flows"
    yield Finding(what, "", f"{cost:.2f} CPU-s", None, f"<= {MAX_CPU_S:g} CPU-s", cost <= MAX_CPU_S)
    if not DATA.is_dir():
        return
    rows = run([cut(capture) for capture in load_all(DATA)], (50,))
    summarize(rows)
    for detector in DETECTORS:
        for flipped in FLIPPED:
            mine = [r for r in rows if (r.detector, r.flipped, r.way) == (detector, flipped, "at once")]
            before, after = (np.array([getattr(r, side).suspect_ap for r in mine]) for side in ("before", "after"))
            gain = after - before
            won = int((gain > NOTICED).sum())
            wrong = ", 10 % wrong" if flipped else ""
            yield Finding(
                f"feedback, 50 rated{wrong}: {detector}, mean AP of following suspects",
                f"without {before.mean():.3f}", f"{after.mean():.3f}; better on {won} of {len(mine)}",
                float(after.mean() / max(before.mean(), 1e-9)), "better; worst loss under 0.05",
                bool(after.mean() > before.mean() and gain.min() > -0.05),
            )  # fmt: skip


def _about(rng: np.random.Generator, size: int, **more: list[object]) -> pa.Table:
    """Flows among 5,000 hosts."""
    hosts = pa.array([f"10.{n // 256}.{n % 256}.7" for n in range(5_000)])
    columns = {
        "src_ip": hosts.take(pa.array(rng.integers(5_000, size=size))),
        "dst_ip": hosts.take(pa.array(rng.integers(5_000, size=size))),
        "proto": pa.array(["tcp", "udp"]).take(pa.array(rng.integers(2, size=size))),
        "service_port": pa.array(rng.integers(1, 2_000, size).astype(np.int32)),
        "server_name": pa.nulls(size, pa.string()),
        "surprise": pa.array(rng.normal(12, 3, size)),
        "flows": pa.array(np.ones(size, dtype=np.int64)),
    }
    return pa.table({**columns, **more})


def main(arguments: list[str] | None = None) -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA, help="folder of the labelled captures")
    parser.add_argument("--only", help="only captures whose name holds this")
    parser.add_argument("--injected", action="store_true", help="only the attacks injected into made-up traffic")
    parser.add_argument("--quick", action="store_true", help="50 rated only")
    options = parser.parse_args(arguments)
    rated = (50,) if options.quick else RATED
    if not options.injected:
        if not options.data.is_dir():
            print(f"{options.data}: no such folder; give --data, or try --injected", file=sys.stderr)
            return 2
        captures = [c for c in load_all(options.data) if not options.only or options.only in c.name]
        rows = run([cut(capture) for capture in captures], rated)
        if len(captures) > 1:
            summarize(rows)
    if options.injected or not options.only:
        print("\nInjected into made-up office traffic")
        rows = run(load_injected(), rated)
        for kind in ("goes on", "elsewhere"):
            print(f"\n{kind}")
            summarize([row for row in rows if row.capture.endswith(kind)])
    return 0


if __name__ == "__main__":
    sys.exit(main())
