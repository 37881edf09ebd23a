"""Tables of the needle benchmark: means with intervals, paired differences, controls; read, written, joined."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contenders import BASELINES, OURS
from measure import Finding
from needle_places import RECIPROCAL, Control, Result
from needles import QUIET

Floats = NDArray[np.float64]

BOOTSTRAPS = 2_000
NINE_OF_TEN = 1.645
"""Standard deviations on either side of the mean that hold 90 % of a normal distribution."""
PLAIN = ("host_rank", "pair_rank", "control")
"""Of a result: numbers that may be NaN, null in JSON."""
HEADLINE = ("host@3", "host@10", RECIPROCAL, "pair@10", "pair@50", "leads@50", "AP")


def interval(values: Floats, seed: int = 0) -> tuple[float, float, float]:
    """Mean, and its 90 % bootstrap interval over the draws; NaN are left out."""
    held = values[~np.isnan(values)]
    if not held.size:
        return float("nan"), float("nan"), float("nan")
    drawn = np.random.default_rng(seed).integers(held.size, size=(BOOTSTRAPS, held.size))
    low, high = np.quantile(held[drawn].mean(axis=1), [0.05, 0.95])
    return float(held.mean()), float(low), float(high)


def read_results(path: Path) -> list[Result]:
    """What :func:`write` wrote."""
    held = []
    for row in json.loads(path.read_text())["results"]:
        for name in PLAIN:
            row[name] = float("nan") if row[name] is None else row[name]
        row["values"] = {name: float("nan") if value is None else value for name, value in row["values"].items()}
        row["values"].setdefault(RECIPROCAL, 1.0 / row["host_rank"])  # results written before it was measured
        held.append(Result(**row))
    return held


def joined(results: list[Result], before: list[Result]) -> list[Result]:
    """New results, and of the same draws those that other contenders had before."""
    new = {r.contender for r in results}
    places = {key: at for at, key in enumerate(dict.fromkeys(r.drawn for r in results))}
    whole = [*results, *(r for r in before if r.contender not in new and r.drawn in places)]
    names = list(dict.fromkeys(r.contender for r in whole))
    counts = {name: sum(r.contender == name for r in whole) for name in names}
    kept = [r for r in whole if counts[r.contender] == len(places)]
    return sorted(kept, key=lambda r: (places[r.drawn], names.index(r.contender)))


def column(results: list[Result], contender: str, measure: str) -> Floats:
    """One measure of one contender, a number for each draw, in order."""
    return np.array([r.values[measure] for r in results if r.contender == contender])


def controls(results: list[Result], contender: str) -> dict[str, Floats]:
    """Shares of clients above the would-be victims, a number for each victim of a hay, of all and of both halves."""
    held: dict[tuple[str, str, bool], list[float]] = {}
    for r in results:
        if r.contender == contender:
            held.setdefault((r.hay, r.victim, r.is_busy), []).append(r.control)
    means = {key: float(np.mean(shares)) for key, shares in held.items()}
    return {
        "all": np.array(list(means.values())),
        "quiet": np.array([mean for (*_, is_busy), mean in means.items() if not is_busy]),
        "busy": np.array([mean for (*_, is_busy), mean in means.items() if is_busy]),
    }


def summary(results: list[Result], ours: str = OURS) -> str:
    """Means with intervals; ours minus each, paired; the controls."""
    names = list(dict.fromkeys(r.contender for r in results))
    draws = sum(r.contender == names[0] for r in results)
    lines = [f"mean over {draws} draws [90 % bootstrap interval over draws]", _head()]
    for name in names:
        cells = [_cell(interval(column(results, name, measure))) for measure in HEADLINE]
        lines.append(f"  {name:18s}" + "".join(f"{cell:>20s}" for cell in cells))
    lines += ["", f"{ours} minus each, paired", _head()]
    for name in names:
        if name != ours:
            gaps = [column(results, ours, m) - column(results, name, m) for m in HEADLINE]
            lines.append(f"  {name:18s}" + "".join(f"{_cell(interval(gap), signed=True):>20s}" for gap in gaps))
    lines += [
        "",
        "control: share of clients above the would-be victim without the needle (by chance 0.5) [over victims]",
    ]
    lines.append(f"  {'':18s}{'all':>20s}{'quiet victims':>20s}{'busy victims':>20s}")
    for name in names:
        cells = [_cell(interval(held)) for held in controls(results, name).values()]
        lines.append(f"  {name:18s}" + "".join(f"{cell:>20s}" for cell in cells))
    return "\n".join(lines)


SHOWN = ("host@3", "host@10", RECIPROCAL, "pair@10", "pair@50")
RECALL = ("leads@10", "leads@50", "leads@250", "AP", "P@10", "P@100")


def markdown(results: list[Result]) -> str:
    """The tables of the manual: places with intervals; recall of leads, and how flows are ranked."""
    names = list(dict.fromkeys(r.contender for r in results))
    first = {name: [column(results, name, m) for m in SHOWN] for name in names}
    second = {name: [column(results, name, m) for m in RECALL] for name in names}
    return "\n\n".join(
        [
            _table(["", *SHOWN], first, _in_words),
            _table(["", *RECALL], second, lambda one: f"{interval(one)[0]:.2f}".replace("nan", "–")),
        ]
    )


def _table(head: list[str], rows: dict[str, list[Floats]], cell: Callable[[Floats], str]) -> str:
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    lines += [f"| {' | '.join([name, *(cell(one) for one in values)])} |" for name, values in rows.items()]
    return "\n".join(lines)


def _in_words(values: Floats) -> str:
    mean, low, high = interval(values)
    return "–" if np.isnan(mean) else f"{mean:.2f} ({low:.2f} to {high:.2f})"


def _head() -> str:
    return f"  {'':18s}" + "".join(f"{measure:>20s}" for measure in HEADLINE)


def _cell(found: tuple[float, float, float], *, signed: bool = False) -> str:
    mean, low, high = found
    if np.isnan(mean):
        return "-"
    return f"{mean:+.2f} [{low:+.2f},{high:+.2f}]" if signed else f"{mean:.2f} [{low:.2f},{high:.2f}]"


def by(results: list[Result], what: str, measures: tuple[str, ...] = ("host@3", "host@10", "pair@10")) -> str:
    """Means by needle or by hay: a row each, a column for each contender."""
    names = list(dict.fromkeys(r.contender for r in results))
    lines = [f"by {what}: {', '.join(measures)}", f"  {'':28s}" + "".join(f"{name[:16]:>17s}" for name in names)]
    of = {"size": _size, "victim": _victim}.get(what, lambda r: getattr(r, what))
    for label in dict.fromkeys(of(r) for r in results):
        cells = []
        for name in names:
            held = [r for r in results if r.contender == name and of(r) == label]
            means = [interval(column(held, name, measure))[0] for measure in measures]
            cells.append(" ".join("   -" if np.isnan(mean) else f"{mean:4.2f}" for mean in means))
        lines.append(f"  {label:28s}" + "".join(f"{cell:>17s}" for cell in cells))
    return "\n".join(lines)


def by_chance(clients: int) -> float:
    """How far from a half the mean share above a half of the clients gets in nine of ten orders by chance.

    Shares are 0, 1 / (n - 1), ..., 1; their mean over m of n that are drawn without replacement is nearly normal.

    Examples
    --------
    >>> round(by_chance(226), 3)
    0.032
    """
    half = clients // 2
    variance = (clients + 1) / (12 * (clients - 1)) / half * (clients - half) / (clients - 1)
    return NINE_OF_TEN * variance**0.5


def control_table(controls: list[Control], *, is_markdown: bool = False) -> str:
    """What all quiet clients and all busy ones have above them: a row for each contender, a column for each hay."""
    hays = {one.hay: one.clients for one in controls}
    found = {(one.contender, one.hay): f"{one.quiet:.2f}, {one.busy:.2f}".replace("nan", "–") for one in controls}
    rows = [["quiet, busy", *(f"{hay} ({clients})" for hay, clients in hays.items())]]
    names = dict.fromkeys(one.contender for one in controls)
    rows += [[name, *(found[name, hay] for hay in hays)] for name in names]
    rows.append(["by chance", *(f"0.5 ± {by_chance(clients):.2f}" for clients in hays.values())])
    if is_markdown:
        rows.insert(1, ["---"] * len(rows[0]))
        return "\n".join(f"| {' | '.join(row)} |" for row in rows)
    return "\n".join("  ".join(f"{cell:>24s}" for cell in row) for row in rows)


def _size(result: Result) -> str:
    return f"quiet, up to {QUIET} bad flows" if result.bad <= QUIET else "loud"


def _victim(result: Result) -> str:
    return "busy victim" if result.is_busy else "quiet victim"


def write(results: list[Result], path: Path, facts: dict[str, Any]) -> None:
    """Everything as JSON; NaN as null."""
    rows = [asdict(r) for r in results]
    for row in rows:
        row["values"] = {name: None if np.isnan(value) else value for name, value in row["values"].items()}
        for name in PLAIN:
            row[name] = None if np.isnan(row[name]) else row[name]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({**facts, "results": rows}, indent=1) + "\n")


def findings(results: list[Result], ours: str = OURS) -> Iterable[Finding]:
    """Ours against the best of the others, measure by measure, and ours on the hours without a needle."""
    others = [name for name in dict.fromkeys(r.contender for r in results) if name in BASELINES]
    for measure in ("host@3", "host@10", RECIPROCAL, "pair@10", "pair@50"):
        means = {name: interval(column(results, name, measure))[0] for name in others}
        best = max((name for name in others if not np.isnan(means[name])), key=lambda name: means[name])
        mine = column(results, ours, measure)
        gap, low, high = interval(mine - column(results, best, measure))
        mean = interval(mine)[0]
        yield Finding(
            f"needles, {measure}", f"{best} {means[best]:.3f}", f"{ours} {mean:.3f}", mean / max(means[best], 1e-9),
            f"better (by {gap:+.2f}, 90 % [{low:+.2f}, {high:+.2f}])", low > 0,
        )  # fmt: skip
    for title, held in controls(results, ours).items():
        mean, low, high = interval(held)
        yield Finding(
            f"needles, control: clients above the would-be victim, {title} victims", "chance 0.5",
            f"{ours} {mean:.2f} [{low:.2f}, {high:.2f}]", None, "0.5 in the interval", low <= 0.5 <= high,
        )  # fmt: skip
