"""How well flows are ranked: our detectors and simple rankers on the labelled captures, options as they come.

    python bench/detection.py [--only NAME] [--injected] [--needles] [--draws N] [--quick]

For each capture: average precision (AP), precision at 100 (P@100), recall at 250 (R@250: bad flows among the first
250, by 250 or by all bad flows, whichever is fewer), and the infected host's place among the internal hosts (a host's
score is that of its most suspicious flow as a source; leads rank hosts themselves). Ties count as the expectation over
all their orders. Then means over the captures with a bootstrap interval over captures, and on how many captures
`suspicious` is better. The labels are those of labelled.py, with what is doubtful about them. These are development
figures: no constant was fitted, each has its reason beside it in the detector, but the rules were written with these
captures and the injected attacks in view, and several were mended because of what stood on top here. Expect less on a
network that nobody here has seen.

Then needles in hay (needle_ranks.py, which also runs alone): small captures laid into other people's benign hours, all
contenders on hosts, pairs and flows, and the same hours without the needle.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

import flowsleuth
from flowsleuth.detect import DETECTORS
from flowsleuth.testing.detectors import MemoryDay, run_detector
from injected import load_injected
from labelled import Capture, load_all, load_benign
from measure import FULL_SIZE, Finding, Plan
from needle_ranks import DRAWS, OUT, QUICK_DRAWS, Choice, tell
from needle_tables import findings, interval
from our_list import placed
from rankers import RANKERS, by_day, rank
from ranking import average_precision, expected_rank, hits_at

Floats = NDArray[np.float64]
DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "labelled"
MEASURES = ("AP", "P@100", "R@250")
ALERT = 0.999


@dataclass(frozen=True)
class Result:
    """One ranker on one capture.

    Attributes
    ----------
    values : tuple of float
        In the order of :data:`MEASURES`.
    host_rank : float
        Place of the infected host; NaN where there is none.
    hosts : int
        Internal hosts that began a flow.
    """

    values: tuple[float, ...]
    host_rank: float
    hosts: int


def evaluate(capture: Capture, score: Floats) -> Result:
    """The measures of one ranking."""
    bad = capture.is_bad
    first = 100 if len(score) >= 100 else len(score)
    recall = hits_at(score, bad, 250) / min(250, int(bad.sum()))
    values = (average_precision(score, bad), hits_at(score, bad, 100) / first, recall)
    return Result(values, *_host_rank(capture, score))


def _host_rank(capture: Capture, score: Floats) -> tuple[float, int]:
    hosts, of, inside = _hosts(capture)
    best = np.full(hosts.size, -np.inf)
    np.maximum.at(best, of, score[inside])
    return _place(capture, hosts, best), hosts.size


def _hosts(capture: Capture) -> tuple[NDArray[Any], NDArray[np.int64], NDArray[np.bool_]]:
    """The internal hosts that began a flow; whose each flow of theirs is; which flows those are."""
    sources = np.array(capture.flows["src_ip"].to_pylist(), dtype=object)
    inside = np.isin(np.array(capture.flows["direction"].to_pylist(), dtype=object), ["outbound", "internal"])
    inside |= sources == capture.infected
    hosts, of = np.unique(sources[inside].astype(str), return_inverse=True)
    return hosts, of.reshape(-1), inside


def _place(capture: Capture, hosts: NDArray[Any], score: Floats) -> float:
    """Place of the infected host; NaN where there is none."""
    if capture.infected is None:
        return float("nan")
    return expected_rank(score, int(np.flatnonzero(hosts == capture.infected)[0]))


def lead_place(capture: Capture) -> tuple[float, int]:
    """Place of the infected host in the list of leads of all days, and how many hosts there are; unlisted ones tie."""
    hosts = _hosts(capture)[0]
    with tempfile.TemporaryDirectory(prefix="detection-") as folder, flowsleuth.open(folder, create=True) as ws:
        with ws.store.writing():
            for rows in by_day(capture.flows).values():
                ws.store.replace([], ws.store.write("flow", rows))
        ws.score()
        strength = placed(ws.suspects(None, by="host").to_arrow(), ("host",))
    return _place(capture, hosts, np.array([strength.get((host,), 0.0) for host in hosts.tolist()])), hosts.size


def run(captures: list[Capture], rankers: tuple[str, ...] = RANKERS) -> dict[str, dict[str, Result]]:
    """Results by capture, then ranker."""
    done: dict[str, dict[str, Result]] = {}
    for capture in captures:
        done[capture.name] = {name: evaluate(capture, rank(name, capture.flows)) for name in rankers}
        show(capture, done[capture.name])
    return done


def show(capture: Capture, results: dict[str, Result]) -> None:
    """One capture's table."""
    print(f"\n{capture.name}: {int(capture.is_bad.sum()):,} bad of {len(capture.flows):,} flows. {capture.note}")
    for name, result in results.items():
        cells = "  ".join(f"{label} {value:.3f}" for label, value in zip(MEASURES, result.values, strict=True))
        host = "" if np.isnan(result.host_rank) else f"  host {result.host_rank:g} of {result.hosts}"
        print(f"  {name:18s} {cells}{host}", flush=True)


def tell_leads(captures: list[Capture], done: dict[str, dict[str, Result]]) -> dict[str, float]:
    """Place of the infected host by leads, drawn to the hosts there are, beside those of the rankers; printed."""
    print("\nplace of the infected host by leads, and by each ranker")
    found = {}
    for capture in captures:
        if capture.infected is None:
            continue
        place, hosts = lead_place(capture)
        found[capture.name] = place / hosts
        others = ", ".join(f"{name} {result.host_rank:g}" for name, result in done[capture.name].items())
        print(f"  {capture.name}: {place:g} of {hosts} ({others})", flush=True)
    return found


def summarize(done: dict[str, dict[str, Result]]) -> None:
    """Means over captures, bootstrap intervals, and wins of `suspicious`."""
    ours = _table(done, "suspicious")
    print(f"\nmean over {len(done)} captures [90 % bootstrap interval over captures]; AP won by suspicious")
    for name in next(iter(done.values())):
        table = _table(done, name)
        cells = []
        for column, label in enumerate(MEASURES):
            mean, low, high = interval(table[:, column])
            cells.append(f"{label} {mean:.3f} [{low:.2f}, {high:.2f}]")
        places = [
            r[name].host_rank / r[name].hosts for r in done.values() if r[name].hosts > 1 and r[name].host_rank > 0
        ]
        host = f"host place {np.mean(places):.3f}" if places else ""
        wins = "" if name == "suspicious" else f"  {int((ours[:, 0] > table[:, 0]).sum())} of {len(done)}"
        print(f"  {name:18s} {'  '.join(cells)}  {host}{wins}")


def _table(done: dict[str, dict[str, Result]], name: str) -> Floats:
    return np.array([results[name].values for results in done.values()])


def false_alarms(flows: pa.Table, name: str) -> tuple[float, int, int]:
    """On good flows: share at or above ALERT, their groups, all groups."""
    above, groups, all_groups = 0, set(), set()
    days = by_day(flows)
    for day, rows in days.items():
        with MemoryDay(rows, day, {d: t for d, t in days.items() if d < day}) as memory:
            scored = run_detector(DETECTORS.load(name)(), memory)[0]
        is_alert = scored["score"].to_numpy() >= ALERT
        suspects = scored["suspect_id"].to_numpy()
        above += int(is_alert.sum())
        groups |= set(suspects[is_alert].tolist())
        all_groups |= set(suspects.tolist())
    return above / len(flows), len(groups), len(all_groups)


def measure(plan: Plan) -> Iterator[Finding]:
    """For bench/run.py: means over the captures, `suspicious` against the others; then needles."""
    if not DATA.is_dir():
        return
    captures = load_all(DATA)
    done = run(captures)
    summarize(done)
    yield _leads_finding(tell_leads(captures, done), done)
    ours = _table(done, "suspicious").mean(axis=0)
    for name in ("spot", "newness", "random"):
        theirs = _table(done, name).mean(axis=0)
        for label, mine, other in zip(MEASURES, ours, theirs, strict=True):
            yield Finding(
                f"detection, mean {label}", f"{name} {other:.3f}", f"{mine:.3f}", float(mine / max(other, 1e-9)),
                "better", bool(mine > other),
            )  # fmt: skip
    draws = DRAWS if plan.large >= FULL_SIZE else QUICK_DRAWS
    yield from findings(tell(DATA.parent, Choice(draws, plan.seed), plan.data / "needles.json"))


def _leads_finding(places: dict[str, float], done: dict[str, dict[str, Result]]) -> Finding:
    """Leads against the ranker that places infected hosts best on average."""
    means = {
        name: float(np.mean([done[one][name].host_rank / done[one][name].hosts for one in places]))
        for name in next(iter(done.values()))
        if name != "suspicious"
    }
    best = min(means, key=lambda name: means[name])
    mine = float(np.mean(list(places.values())))
    return Finding(
        "detection, mean place of the infected host", f"{best} {means[best]:.3f}", f"leads {mine:.3f}",
        means[best] / max(mine, 1e-9), "earlier", mine < means[best],
    )  # fmt: skip


def main(arguments: list[str] | None = None) -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA, help="folder of the labelled captures")
    parser.add_argument("--only", help="only captures whose name holds this")
    parser.add_argument("--injected", action="store_true", help="only the attacks injected into made-up traffic")
    parser.add_argument("--needles", action="store_true", help="only the needles in hay")
    parser.add_argument("--draws", type=int, default=DRAWS, help="of each needle at each site")
    parser.add_argument("--quick", action="store_true", help="one draw of each needle")
    options = parser.parse_args(arguments)
    if (options.needles or not options.injected) and not options.data.is_dir():
        print(f"{options.data}: no such folder; give --data, or try --injected", file=sys.stderr)
        return 2
    if not options.injected and not options.needles:
        captures = [c for c in load_all(options.data) if not options.only or options.only in c.name]
        done = run(captures)
        if len(done) > 1:
            summarize(done)
        tell_leads(captures, done)
        if not options.only:
            benign = load_benign(options.data)
            for name in ("suspicious", "spot"):
                share, groups, total = false_alarms(benign, name)
                print(
                    f"\nCTU-SME-11, no bad flow: {name} scores {share:.3%} of {len(benign):,} flows {ALERT} or more",
                    end="",
                )
                print(f" ({groups} of {total} groups)")
    if options.injected or not (options.only or options.needles):
        print("\nInjected into made-up office traffic")
        summarize(run(load_injected(), tuple(r for r in RANKERS if r != "isolation forest")))
    if options.needles or not (options.injected or options.only):
        print("\nNeedles in hay")
        draws = QUICK_DRAWS if options.quick else options.draws
        choice = Choice(draws, only=options.only if options.needles else None)
        tell(options.data.parent, choice, OUT / "needles.json")
    return 0


if __name__ == "__main__":
    sys.exit(main())
