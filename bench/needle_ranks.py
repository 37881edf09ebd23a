"""Needles in hay: draw, let every contender rank, measure where the victim and the commander came.

    python bench/needle_ranks.py [--draws 2] [--quick] [--only NEEDLE] [--site NAME] [--seed 7] [--finders]
    python bench/needle_ranks.py --with fused --against bench/out/needles.json    # ours again, the others as they were

A draw hides one needle (needles.py) in one hay (hay.py), as draws.py says; half of the draws take a quiet victim, half
a busy one. Measured: the victim's place among the hosts, whether it is among the first 3 and 10; the best place of a
pair that an analyst should be led to, among the first 10 and 50; average precision of flows, precision at 10, 50, 100
(of what can be reached); and the share of the bad flows that the first 10, 50 and 250 pairs hold (recall at so many
leads). Ties count as the expectation over their orders. The control is the same hours without the needle: the share of
clients that rank above the would-be victim, which is a half by chance, for quiet victims and for busy ones. (For all
together it is near a half for any contender, because victims are drawn by chance; where busyness is a threat, busy ones
have few above them.)

Means over needles and hays have bootstrap intervals over the draws (90 %); differences are paired, draw by draw. Every
number is a development figure, of captures that the detectors' authors have seen.
"""

from __future__ import annotations

import argparse
import functools
import json
import multiprocessing
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from itertools import product, repeat
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from contenders import BASELINES, CONTENDERS, OURS, Day, Ranking, one_finder
from draws import Draw, Field, Mask, control, past, plant, told
from flowsleuth.detect import FINDERS
from hay import Hay, load_ctu13, sites
from measure import Finding
from needles import QUIET, Needle, load_needles
from our_list import SCORED
from ranking import average_precision, expected_rank, hits_at

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
OUT = Path(__file__).parent / "out"
SEED, DRAWS, QUICK_DRAWS = 7, 2, 1
BOOTSTRAPS = 2_000
HOSTS_AT, PAIRS_AT, FLOWS_AT, LEADS_AT = (3, 10), (10, 50), (10, 50, 100), (10, 50, 250)
MEASURES = (
    *(f"host@{k}" for k in HOSTS_AT), *(f"pair@{k}" for k in PAIRS_AT), *(f"leads@{k}" for k in LEADS_AT), "AP",
    *(f"P@{k}" for k in FLOWS_AT),
)  # fmt: skip
SITES = ("ctu13", "site", "office, all records", "office")
"""The longest first."""
HEADLINE = ("host@3", "host@10", "pair@10", "pair@50", "leads@50", "AP")


@dataclass(frozen=True)
class Result:
    """One contender on one draw.

    Attributes
    ----------
    hay, needle, contender, victim : str
    draw : int
    is_busy : bool
    bad : int
        Bad flows.
    values : dict of str to float
        By :data:`MEASURES`; NaN where it does not apply.
    host_rank, hosts, pair_rank, pairs : float
    control : float
        Share of the clients above the would-be victim without the needle.
    seconds : float
    """

    hay: str
    needle: str
    contender: str
    victim: str
    draw: int
    is_busy: bool
    bad: int
    values: dict[str, float]
    host_rank: float
    hosts: int
    pair_rank: float
    pairs: int
    control: float
    seconds: float


def within(score: Floats, at: int, k: int) -> float:
    """Chance that a row is among the first k when ties fall at random.

    Examples
    --------
    >>> within(np.array([5.0, 1.0, 1.0, 1.0]), 2, 2).__round__(4)
    0.3333
    """
    above, ties = int((score > score[at]).sum()), int((score == score[at]).sum())
    return float(np.clip((k - above) / ties, 0.0, 1.0))


def recall_at(pair: Floats, held: Floats, k: int) -> float:
    """Expected share of the bad flows that the first k rows hold; `held` is how many each row holds.

    Examples
    --------
    >>> recall_at(np.array([3.0, 2.0, 2.0]), np.array([0.0, 4.0, 0.0]), 2)
    0.5
    """
    if not held.sum():
        return 0.0
    hit = np.flatnonzero(held)
    chance = np.array([within(pair, int(at), k) for at in hit])
    return float((chance * held[hit]).sum() / held.sum())


def measure_draw(draw: Draw, day: Day, ranking: Ranking) -> tuple[dict[str, float], float, float, int]:
    """The measures, the victim's rank, the best pair's rank, and how many pairs are listed."""
    e = day.edges
    values = dict.fromkeys(MEASURES, float("nan"))
    host_rank = pair_rank = float("nan")
    if ranking.host is not None:
        at = e.hosts.index(draw.victim)
        host_rank = expected_rank(ranking.host, at)
        values |= {f"host@{k}": within(ranking.host, at, k) for k in HOSTS_AT}
    pairs = 0
    if ranking.pair is not None:
        of = e.pair_of if ranking.pair_of is None else ranking.pair_of
        bad = draw.is_bad[e.rows]
        listed = of >= 0
        pairs = ranking.pair.size
        held = np.asarray(np.bincount(of[listed], weights=bad[listed], minlength=pairs), dtype=float)
        scale = held.sum() / bad.sum()
        values |= {f"leads@{k}": float(scale * recall_at(ranking.pair, held, k)) for k in LEADS_AT}
        if draw.pairs:
            pair_rank, chances = _pair_places(draw, e, ranking.pair, of)
            values |= dict(zip((f"pair@{k}" for k in PAIRS_AT), chances, strict=True))
    if ranking.flow is not None:
        reachable = int(draw.is_bad.sum())
        values["AP"] = average_precision(ranking.flow, draw.is_bad)
        values |= {f"P@{k}": hits_at(ranking.flow, draw.is_bad, k) / min(k, reachable) for k in FLOWS_AT}
    return values, host_rank, pair_rank, pairs


def _pair_places(draw: Draw, e: Any, pair: Floats, of: NDArray[np.int64]) -> tuple[float, list[float]]:
    """Rank and chances of the best-placed pair; a pair that is not listed comes after all that are."""
    rows = set()
    for source, target in draw.pairs:
        at = e.place_of_pair(source, target)
        rows |= {int(row) for row in np.unique(of[e.pair_of == at]) if row >= 0}
    if not rows:
        return float(pair.size + 1), [0.0] * len(PAIRS_AT)
    best = max(rows, key=lambda row: pair[row])
    return expected_rank(pair, best), [within(pair, best, k) for k in PAIRS_AT]


class Bench:
    """Draws of every needle in every hay.

    Parameters
    ----------
    contenders : dict of str to callable
    seed : int
    """

    def __init__(self, contenders: dict[str, Callable[[Day], Ranking]], seed: int) -> None:
        self.contenders, self.seed = contenders, seed
        self._controls: dict[tuple[str, Mask], dict[str, dict[str, float]]] = {}

    def run(self, hays: list[Hay], needles: list[Needle], draws: int, turn: int = 0) -> Iterable[Result]:
        """Results as they come, of hours of one site, which take turns; so do quiet and busy victims."""
        fields = [Field(hay) for hay in hays]
        for number, (order, needle) in product(range(draws), enumerate(needles)):
            field = fields[(order + number) % len(fields)]
            draw = self.draw(field, needle, number, is_busy=(order // 2 + number + turn) % 2 == 0)
            yield from self._rank(field, needle, draw, number)

    def draw(self, field: Field, needle: Needle, number: int, *, is_busy: bool) -> Draw:
        """The draw of this number: the same for the same seed, hay and needle, whatever else is drawn."""
        word = [self.seed, number, *f"{field.hay.name}/{needle.name}".encode()]
        return plant(field, needle, np.random.default_rng(word), is_busy=is_busy)

    def _rank(self, field: Field, needle: Needle, draw: Draw, number: int) -> Iterable[Result]:
        mask = told(field, draw.mask)
        controls = self._control(field, mask)
        day = Day(draw.day, self._past(field, mask), field.hay.home)
        for name, rank in self.contenders.items():
            begin = time.perf_counter()
            ranking = rank(day)
            seconds = time.perf_counter() - begin
            values, host_rank, pair_rank, pairs = measure_draw(draw, day, ranking)
            yield Result(
                field.hay.name, needle.name, name, draw.victim, number, draw.is_busy,
                int(draw.is_bad.sum()), values, host_rank,
                len(day.edges.hosts), pair_rank, pairs, controls[name].get(draw.victim, float("nan")), seconds,
            )  # fmt: skip

    @functools.lru_cache(maxsize=4)  # noqa: B019 one bench is made in a process
    def _past(self, field: Field, mask: Mask) -> tuple[pa.Table, ...]:
        return tuple(past(field, mask))

    def _control(self, field: Field, mask: Mask) -> dict[str, dict[str, float]]:
        """By contender and host, the share of the others above it in the hay alone."""
        key = (field.hay.name, mask)
        if key not in self._controls:
            day = Day(control(field, mask), self._past(field, mask), field.hay.home)
            clients = [text for half in field.clients for text in half]
            self._controls[key] = {name: _places(day, rank(day), clients) for name, rank in self.contenders.items()}
        return self._controls[key]


def _places(day: Day, ranking: Ranking, clients: list[str]) -> dict[str, float]:
    """By client, the share of the other clients above it, a tie counting half: victims are drawn from the clients."""
    if ranking.host is None:
        return {}
    place = {text: at for at, text in enumerate(day.edges.hosts)}
    host = ranking.host[[place[text] for text in clients]]
    above = (np.array([expected_rank(host, at) for at in range(host.size)]) - 1) / max(host.size - 1, 1)
    return dict(zip(clients, above.tolist(), strict=True))


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
        for name in ("host_rank", "pair_rank", "control"):
            row[name] = float("nan") if row[name] is None else row[name]
        row["values"] = {name: float("nan") if value is None else value for name, value in row["values"].items()}
        held.append(Result(**row))
    return held


def joined(results: list[Result], before: list[Result]) -> list[Result]:
    """New results, and of the same draws those that other contenders had before."""
    drawn = {(r.hay, r.needle, r.draw, r.victim) for r in results}
    new = {r.contender for r in results}
    kept = [r for r in before if r.contender not in new and (r.hay, r.needle, r.draw, r.victim) in drawn]
    places = {key: at for at, key in enumerate(dict.fromkeys((r.hay, r.needle, r.draw, r.victim) for r in results))}
    names = list(dict.fromkeys(r.contender for r in [*results, *kept]))
    whole = sorted(
        [*results, *kept],
        key=lambda r: (places[r.hay, r.needle, r.draw, r.victim], names.index(r.contender)),
    )
    counts = {name: sum(r.contender == name for r in whole) for name in names}
    return [r for r in whole if counts[r.contender] == len(places)]


def column(results: list[Result], contender: str, measure: str) -> Floats:
    """One measure of one contender, a number for each draw, in order."""
    return np.array([r.values[measure] for r in results if r.contender == contender])


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
    lines += ["", "control: share of clients above the would-be victim without the needle (by chance 0.5)"]
    lines.append(f"  {'':18s}{'all':>20s}{'quiet victims':>20s}{'busy victims':>20s}")
    for name in names:
        cells = []
        for wanted in ((True, False), (False,), (True,)):
            held = [r.control for r in results if r.contender == name and r.is_busy in wanted]
            cells.append(_cell(interval(np.array(held))))
        lines.append(f"  {name:18s}" + "".join(f"{cell:>20s}" for cell in cells))
    return "\n".join(lines)


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


def _size(result: Result) -> str:
    return f"quiet, up to {QUIET} bad flows" if result.bad <= QUIET else "loud"


def _victim(result: Result) -> str:
    return "busy victim" if result.is_busy else "quiet victim"


def write(results: list[Result], path: Path, facts: dict[str, Any]) -> None:
    """Everything as JSON; NaN as null."""
    rows = [asdict(r) for r in results]
    for row in rows:
        row["values"] = {name: None if np.isnan(value) else value for name, value in row["values"].items()}
        for name in ("host_rank", "pair_rank", "control"):
            row[name] = None if np.isnan(row[name]) else row[name]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({**facts, "results": rows}, indent=1) + "\n")


@dataclass(frozen=True)
class Choice:
    """What is run.

    Attributes
    ----------
    draws, seed : int
    only, site : str or None
        Words that the names of needles and of sites hold.
    names : tuple of str
        Contenders; all when empty.
    has_finders : bool
        Whether each finder alone contends too.
    jobs : int
        Processes.
    partial : Path or None
        Folder for what is known after each draw, a file for each site.
    """

    draws: int = DRAWS
    seed: int = SEED
    only: str | None = None
    site: str | None = None
    names: tuple[str, ...] = ()
    has_finders: bool = False
    jobs: int = 2
    partial: Path | None = None

    @property
    def contenders(self) -> dict[str, Callable[[Day], Ranking]]:
        """Those that are run."""
        chosen = {name: rank for name, rank in CONTENDERS.items() if not self.names or name in self.names}
        return chosen | ({f"- {name}": one_finder(name) for name in FINDERS.names()} if self.has_finders else {})


def run(data: Path, choice: Choice) -> list[Result]:
    """Load, draw, rank, a process for each site; tells how far it is on standard error."""
    names = [name for name in SITES if (choice.site or "") in name]
    if choice.jobs == 1 or len(names) == 1:
        return [one for name in names for one in of_site(data, choice, name)]
    with ProcessPoolExecutor(choice.jobs, multiprocessing.get_context("spawn")) as pool:
        found = pool.map(of_site, repeat(data), repeat(choice), names)
        return [one for results in found for one in results]


def of_site(data: Path, choice: Choice, site: str) -> list[Result]:
    """All draws at one site."""
    ctu13 = functools.cache(lambda: load_ctu13(data))
    needles = [one for one in load_needles(data, ctu13) if (choice.only or "") in one.name]
    hays = sites(data, ctu13, choice.seed)[site]()
    ctu13.cache_clear()
    results: list[Result] = []
    contenders = choice.contenders
    for result in Bench(contenders, choice.seed).run(hays, needles, choice.draws, SITES.index(site)):
        results.append(result)
        if len(results) % len(contenders) == 0:
            print(f"  {result.hay}: {result.needle}, draw {result.draw + 1}", file=sys.stderr, flush=True)
            if choice.partial is not None:
                write(results, choice.partial / f"needles, {site}.json", {"seed": choice.seed})
    SCORED.close()
    return results


def findings(results: list[Result], ours: str = OURS) -> Iterable[Finding]:
    """Ours against the best of the others, measure by measure, and ours on the hours without a needle."""
    others = [name for name in dict.fromkeys(r.contender for r in results) if name in BASELINES]
    for measure in ("host@3", "host@10", "pair@10", "pair@50"):
        means = {name: interval(column(results, name, measure))[0] for name in others}
        best = max((name for name in others if not np.isnan(means[name])), key=lambda name: means[name])
        mine = column(results, ours, measure)
        gap, low, high = interval(mine - column(results, best, measure))
        mean = interval(mine)[0]
        yield Finding(
            f"needles, {measure}", f"{best} {means[best]:.3f}", f"{ours} {mean:.3f}", mean / max(means[best], 1e-9),
            f"better (by {gap:+.2f}, 90 % [{low:+.2f}, {high:+.2f}])", low > 0,
        )  # fmt: skip
    for title, wanted in (("all", (True, False)), ("quiet", (False,)), ("busy", (True,))):
        held = np.array([r.control for r in results if r.contender == ours and r.is_busy in wanted])
        mean, low, high = interval(held)
        yield Finding(
            f"needles, control: clients above the would-be victim, {title} victims", "chance 0.5",
            f"{ours} {mean:.2f} [{low:.2f}, {high:.2f}]", None, "0.5 in the interval", low <= 0.5 <= high,
        )  # fmt: skip


def main(arguments: list[str] | None = None) -> int:
    """Print the tables, write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA, help="folder of the developer data")
    parser.add_argument("--draws", type=int, default=DRAWS, help="of each needle at each site")
    parser.add_argument("--only", help="only needles whose name holds this")
    parser.add_argument("--site", help="only sites whose name holds this: " + "; ".join(SITES))
    parser.add_argument("--jobs", type=int, default=2, help="processes; a site is worked on by one")
    parser.add_argument("--with", action="append", default=[], dest="names", choices=list(CONTENDERS), metavar="NAME",
                        help=f"only this contender; may be repeated: {', '.join(CONTENDERS)}")  # fmt: skip
    parser.add_argument("--against", type=Path, help="results of an earlier run, for the others on the same draws")
    parser.add_argument("--finders", action="store_true", help="each finder alone as well")
    parser.add_argument("--quick", action="store_true", help="one draw")
    parser.add_argument("--partial", type=Path, help="folder for what is known after each draw")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--out", type=Path, default=OUT / "needles.json")
    options = parser.parse_args(arguments)
    if not options.data.is_dir():
        print(f"{options.data}: no such folder; give --data", file=sys.stderr)
        return 2
    draws = QUICK_DRAWS if options.quick else options.draws
    choice = Choice(
        draws, options.seed, options.only, options.site, tuple(options.names), options.finders, options.jobs,
        options.partial,
    )  # fmt: skip
    tell(options.data, choice, options.out, read_results(options.against) if options.against else [])
    return 0


def tell(data: Path, choice: Choice, out: Path, before: Sequence[Result] = ()) -> list[Result]:
    """Run, print the tables, write the JSON."""
    begin = time.perf_counter()
    results = joined(run(data, choice), list(before))
    seconds = time.perf_counter() - begin
    ours = OURS if any(r.contender == OURS for r in results) else results[0].contender
    print(summary(results, ours))
    for what in ("hay", "size", "victim", "needle"):
        print(f"\n{by(results, what)}")
    print(f"\n{seconds:.0f} s; seed {choice.seed}; {out}")
    write(results, out, {**asdict(choice), "partial": None, "seconds": seconds})
    return results


if __name__ == "__main__":
    sys.exit(main())
