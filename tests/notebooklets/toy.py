"""A notebooklet whose steps do as they are told, for tests of the framework."""

from __future__ import annotations

from dataclasses import dataclass, field

import pyarrow as pa

from flowsleuth.notebooklets import (
    Found,
    Metadata,
    Notebooklet,
    NotebookletResult,
    Option,
    SkipStep,
    Step,
    entity,
    figure,
    table,
    value,
)
from flowsleuth.schema.entities import Host

EVIL = "=cmd|' /C calc'!A0"


class ToyResult(NotebookletResult):
    numbers = table("Some numbers.")
    doubled = table("The same, doubled.")
    host_entity = entity("A host.")
    total = value("Their sum.")
    shape = figure("histogram", "Them as bars.")
    later = table("Filled by a follow-up.")


@dataclass(frozen=True)
class ToyParameters:
    factor: int = field(default=2, metadata={"help": "what to multiply by", "min": 1, "max": 9})
    fails: str = field(default="", metadata={"help": "the step that raises"})


def numbers(run):
    _maybe(run, "numbers")
    run.note("three of them")
    return {"numbers": Found(pa.table({"n": [1, 2, 3], "text": [EVIL, "<script>", None]}), note="all of them")}


def doubled(run):
    _maybe(run, "doubled")
    rows = run["numbers"]
    return {"doubled": pa.table({"n": [n * run.parameters.factor for n in rows["n"].to_pylist()]})}


def totals(run):
    _maybe(run, "total")
    if run["numbers"] is None:
        raise SkipStep("nothing to add up")
    return {"total": sum(run["numbers"]["n"].to_pylist())}


def host(run):
    _maybe(run, "host")
    return {"host_entity": Host("WEB1")}


def shape(run):
    return {"shape": Found(absent="nothing <to> draw")}


def _maybe(run, name):
    if run.parameters.fails == name:
        raise RuntimeError(f"{name} broke")


class ToySummary(Notebooklet[ToyResult]):
    """Does as it is told."""

    metadata = Metadata(
        "ToySummary", "Numbers, for tests.",
        (
            Option("numbers", "The numbers."),
            Option("doubled", "The numbers doubled."),
            Option("host", "The host."),
            Option("shape", "A picture.", is_default=False),
            Option("total", "Their sum.", is_default=False),
        ),
        entity_types=("ip_address", "host"), keywords=("toy", "counting"),
    )  # fmt: skip
    result_class = ToyResult
    Parameters = ToyParameters
    steps = (
        Step("numbers", numbers, "Numbers", gives=("numbers",), option="numbers"),
        Step("doubled", doubled, "Doubled", gives=("doubled",), option="doubled", uses=("numbers",)),
        Step("host", host, "Host", gives=("host_entity",), option="host"),
        Step("shape", shape, "Shape", gives=("shape",), option="shape"),
        Step("total", totals, "Total", gives=("total",), option="total", after=("numbers",)),
    )

    def fill_later(self):
        """Fill what a run leaves open."""
        self.result.keep("later", pa.table({"about": [self.result.value]}))
        return self.result.later
