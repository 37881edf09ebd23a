"""Needles in hay: draw, let every contender rank, measure where the victim and the commander came.

    python bench/needle_ranks.py [--draws 2] [--quick] [--only NEEDLE] [--site NAME] [--seed 7] [--finders]
    python bench/needle_ranks.py --with fused --against bench/out/needles.json    # ours again, the others as they were
    python bench/needle_ranks.py --controls                                       # the hay alone, every client of it

A draw hides one needle (needles.py) in one hay (hay.py), as draws.py says; half of the draws take a quiet victim, half
a busy one. Measured: the victim's place among the hosts, whether it is among the first 3 and 10, and one divided by its
place; the best place of a pair that an analyst should be led to, among the first 10 and 50; average precision of flows,
precision at 10, 50, 100 (of what can be reached); and the share of the bad flows that the first 10, 50 and 250 pairs
hold (recall at so many leads). Ties count as the expectation over their orders. The control is the same hours without
the needle: the share of clients that rank above the would-be victim, which is a half by chance, for quiet victims and
for busy ones. (For all together it is near a half for any contender, because victims are drawn by chance; where
busyness is a threat, busy ones have few above them.) Victims are drawn from a known few: ``--controls`` tells what all
quiet clients and all busy ones have above them on the mean, which no draw's luck changes, hay by hay, with how far from
a half an order by chance of so many clients gets in nine of ten.

Means over needles and hays have bootstrap intervals over the draws (90 %), those of the control over victims, because
one who is drawn again has the same place again; differences are paired, draw by draw. Every number is a development
figure, of captures that the detectors' authors have seen.
"""

from __future__ import annotations

import argparse
import functools
import multiprocessing
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from itertools import product, repeat
from pathlib import Path
from typing import TypeVar

import numpy as np
import pyarrow as pa

from contenders import CONTENDERS, OURS, Ranking, one_finder
from draws import Draw, Field, Mask, control, mask_of, past, plant, rounded, told
from edges_of_day import Day
from flowsleuth.detect import FINDERS
from hay import Hay, load_ctu13, sites
from needle_places import Control, Result, measure_draw, shares_above
from needle_tables import by, control_table, joined, markdown, read_results, summary, write
from needles import Needle, load_needles
from our_list import SCORED

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
OUT = Path(__file__).parent / "out"
SEED, DRAWS, QUICK_DRAWS = 7, 2, 1
SITES = ("ctu13", "site", "office, all records", "office")
"""The longest first."""


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

    def controls(self, field: Field, needles: list[Needle]) -> Iterable[Control]:
        """How every client of the quiet half and of the busy half stands without a needle, in the mean over needles.

        Needles differ in what they and the hay both tell.
        """
        masks = [told(field, rounded(field, mask_of(field.hay.day, needle))) for needle in needles]
        found = [self._control(field, mask) for mask in masks]
        for name in self.contenders:
            halves = [
                float(np.mean([above[name].get(text, np.nan) for above in found for text in half]))
                for half in field.clients
            ]
            yield Control(field.hay.name, name, sum(map(len, field.clients)), *halves)

    @functools.lru_cache(maxsize=4)  # noqa: B019 one bench is made in a process
    def _past(self, field: Field, mask: Mask) -> tuple[pa.Table, ...]:
        return tuple(past(field, mask))

    def _control(self, field: Field, mask: Mask) -> dict[str, dict[str, float]]:
        """By contender and host, the share of the others above it in the hay alone."""
        key = (field.hay.name, mask)
        if key not in self._controls:
            day = Day(control(field, mask), self._past(field, mask), field.hay.home)
            clients = [text for half in field.clients for text in half]
            self._controls[key] = {
                name: shares_above(day, rank(day), clients) for name, rank in self.contenders.items()
            }
        return self._controls[key]


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


T = TypeVar("T")


def run(data: Path, choice: Choice, each: Callable[[Path, Choice, str], list[T]]) -> list[T]:
    """Load, draw, rank, a process for each site; tells how far it is on standard error."""
    names = [name for name in SITES if (choice.site or "") in name]
    if choice.jobs == 1 or len(names) == 1:
        return [one for name in names for one in each(data, choice, name)]
    with ProcessPoolExecutor(choice.jobs, multiprocessing.get_context("spawn")) as pool:
        found = pool.map(each, repeat(data), repeat(choice), names)
        return [one for results in found for one in results]


def _loaded(data: Path, choice: Choice, site: str) -> tuple[list[Hay], list[Needle]]:
    """Hays of a site, and the needles."""
    ctu13 = functools.cache(lambda: load_ctu13(data))
    needles = [one for one in load_needles(data, ctu13) if (choice.only or "") in one.name]
    return sites(data, ctu13, choice.seed)[site](), needles


def controls_of_site(data: Path, choice: Choice, site: str) -> list[Control]:
    """How clients of one site stand without a needle."""
    hays, needles = _loaded(data, choice, site)
    bench = Bench(choice.contenders, choice.seed)
    found = []
    for hay in hays:
        found += bench.controls(Field(hay), needles)
        print(f"  {hay.name}", file=sys.stderr, flush=True)
    SCORED.close()
    return found


def of_site(data: Path, choice: Choice, site: str) -> list[Result]:
    """All draws at one site."""
    hays, needles = _loaded(data, choice, site)
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
    parser.add_argument("--without", action="append", default=[], choices=list(CONTENDERS), metavar="NAME",
                        help="not this contender; may be repeated")  # fmt: skip
    parser.add_argument("--against", type=Path, help="results of an earlier run, for the others on the same draws")
    parser.add_argument("--finders", action="store_true", help="each finder alone as well")
    parser.add_argument("--quick", action="store_true", help="one draw")
    parser.add_argument("--partial", type=Path, help="folder for what is known after each draw")
    parser.add_argument("--controls", action="store_true", help="only the hay alone: how every client of it stands")
    parser.add_argument("--markdown", action="store_true", help="also the table as the manual has it")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--out", type=Path, default=OUT / "needles.json")
    options = parser.parse_args(arguments)
    if not options.data.is_dir():
        print(f"{options.data}: no such folder; give --data", file=sys.stderr)
        return 2
    draws = QUICK_DRAWS if options.quick else options.draws
    names = tuple(name for name in options.names or CONTENDERS if name not in options.without)
    choice = Choice(
        draws, options.seed, options.only, options.site, names, options.finders, options.jobs,
        options.partial,
    )  # fmt: skip
    if options.controls:
        print(control_table(run(options.data, choice, controls_of_site), is_markdown=options.markdown))
        return 0
    results = tell(options.data, choice, options.out, read_results(options.against) if options.against else [])
    if options.markdown:
        print(markdown(results))
    return 0


def tell(data: Path, choice: Choice, out: Path, before: Sequence[Result] = ()) -> list[Result]:
    """Run, print the tables, write the JSON."""
    begin = time.perf_counter()
    results = joined(run(data, choice, of_site), list(before))
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
