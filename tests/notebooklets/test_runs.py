"""Runs: options, steps that fail or are skipped, what follows from that, progress, cancelling."""

from __future__ import annotations

import threading
import time

import pytest

from flowsleuth.errors import CatalogueError, FlowsleuthError, OptionError
from flowsleuth.notebooklets import Asked, Metadata, Notebooklet, NotebookletResult, Option, Step, table, value
from flowsleuth.notebooklets.metadata import chosen_options
from tests.notebooklets.toy import ToySummary

CARD = ToySummary.metadata


@pytest.mark.parametrize(
    ("given", "chosen"),
    [
        (None, ("numbers", "doubled", "host")),
        ([], ("numbers", "doubled", "host")),
        (["shape"], ("shape",)),
        (["+shape"], ("numbers", "doubled", "host", "shape")),
        (["-host"], ("numbers", "doubled")),
        (["+shape", "-host"], ("numbers", "doubled", "shape")),
        (["-host", "+shape"], ("numbers", "doubled", "shape")),
        ("+total,-doubled -host", ("numbers", "total")),
        (["total", "numbers", "total"], ("numbers", "total")),
    ],
)
def test_f1_options_add_and_take_away_together(given, chosen):
    """F1: ``+`` with ``-`` lost the ``-``; the order was that of a set."""
    assert chosen_options(CARD, given) == chosen


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["geo"], "no such option"),
        (["+numberz"], "did you mean numbers?"),
        (["-"], "no such option"),
        (["shape", "+host"], "with and without a sign"),
        (["+shape", "-shape"], "both added and removed"),
    ],
)
def test_f1_unknown_or_contrary_options_are_refused(given, words):
    """F1: unknown options were kept."""
    with pytest.raises(OptionError, match=words.replace("?", r"\?")):
        chosen_options(CARD, given)


def test_an_option_that_was_taken_away_stays_away():
    """I8: options were forced on again."""
    result = ToySummary().run("10.0.0.5", options=["-numbers", "+total"])
    assert result.options == ("doubled", "host", "total")
    told = {step.name: (step.status, step.why) for step in result.steps}
    assert told["numbers"] == ("skipped", "option numbers was not chosen")
    assert told["doubled"] == ("skipped", "needs numbers: option numbers was not chosen")
    assert told["total"] == ("skipped", "nothing to add up")
    assert told["host"] == ("ok", "")


def test_nothing_chosen_stays_nothing_for_the_methods_of_the_result():
    result = ToySummary().run("10.0.0.5", options="-numbers,-doubled,-host")
    assert result.options == ()
    assert result.notebooklet.context.options == ()
    assert result.properties == []


@pytest.mark.parametrize("broken", ["numbers", "doubled", "host", "total"])
def test_one_failed_step_never_loses_the_rest(broken):
    """N7: one failing look-up lost everything."""
    result = ToySummary().run("10.0.0.5", options="+total", fails=broken)
    status = {step.name: step.status for step in result.steps}
    assert status[broken] == "failed"
    report = next(step for step in result.steps if step.name == broken)
    assert report.why == f"RuntimeError: {broken} broke"
    assert report.seconds > 0
    assert "_maybe" in report.detail
    follows = {"numbers": {"doubled", "total"}}.get(broken, set())
    assert {name for name, said in status.items() if said == "ok"} == {"numbers", "doubled", "host", "total"} - {
        broken, *follows,
    }  # fmt: skip
    assert not result.is_complete


def test_strict_raises_after_all_steps_and_keeps_the_result():
    one = ToySummary()
    with pytest.raises(FlowsleuthError, match="numbers broke"):
        one.run("10.0.0.5", fails="numbers", strict=True)
    assert one.result.host_entity.HostName == "WEB1"


def test_parameters_are_declared_and_bounded():
    assert ToySummary().run("10.0.0.5", factor=3).doubled["n"].tolist() == [3, 6, 9]
    with pytest.raises(OptionError, match="did you mean factor"):
        ToySummary().run("10.0.0.5", faktor=3)
    with pytest.raises(OptionError, match="between 1 and 9"):
        ToySummary().run("10.0.0.5", factor=10)


def test_a_value_is_needed_and_read():
    with pytest.raises(OptionError, match="nothing to run on"):
        ToySummary().run()
    assert ToySummary().run("  2001:DB8:0:0::1 ").value == "2001:db8::1"
    assert ToySummary().run("WEB1.example.org").value == "web1.example.org"
    with pytest.raises(OptionError, match="none of these"):
        Asked.of("web1", ["ip_address", "url"])


def test_f5_windows_of_every_spelling():
    """F5, N9, I7: naive starts, start and end, pairs."""
    one = ToySummary()
    for words in (
        {"timespan": ("2024-01-01", "2024-01-02")},
        {"start": "2024-01-01", "end": "2024-01-02"},
        {"timespan": "2024-01-01"},
        {"timespan": ("2024-01-01", "1d")},
    ):
        told = one.run("10.0.0.5", **words).timespan
        assert told.to_json() == {"start": "2024-01-01T00:00:00Z", "end": "2024-01-02T00:00:00Z"}
    assert one.run("10.0.0.5", start="2024-01-01").timespan.end is None
    with pytest.raises(OptionError):
        one.run("10.0.0.5", timespan=("2024-01-02", "2024-01-01"))
    with pytest.raises(OptionError, match="one or the other"):
        one.run("10.0.0.5", timespan="2024-01-01", start="2024-01-01")


def test_f6_nothing_is_printed_and_silence_is_the_runs_own(capfd):
    """F6: one instance's silence was everybody's."""
    quiet, loud = ToySummary(silent=True), ToySummary(silent=False)
    quiet.run("10.0.0.5")
    ToySummary().run("10.0.0.5")
    loud.run("10.0.0.5", silent=True)
    assert capfd.readouterr() == ("", "")
    loud.run("10.0.0.5")
    out, told = capfd.readouterr()
    assert out == ""
    assert "ToySummary [5/5]" in told
    assert "Numbers: ok" in told
    quiet.run("10.0.0.5")
    assert capfd.readouterr().err == ""


def test_progress_is_told_step_by_step_in_the_callers_thread():
    told, threads = [], set()

    def progress(one):
        told.append(one)
        threads.add(threading.get_ident())

    ToySummary().run("10.0.0.5", progress=progress)
    assert threads == {threading.get_ident()}
    ended = [one for one in told if one.status != "started"]
    assert [one.done for one in ended] == [1, 2, 3, 4, 5]
    assert {one.step for one in told if one.status == "started"} == {"Numbers", "Doubled", "Host"}


class _SlowResult(NotebookletResult):
    one = value("One.")
    two = value("Two.")
    three = value("Three.")


def _slow_summary(**do):
    steps = tuple(
        Step(name, do.get(name, lambda run, name=name: {name: name}), gives=(name,), uses=("two",) * (name == "three"))
        for name in ("one", "two", "three")
    )

    class SlowSummary(Notebooklet[_SlowResult]):
        metadata = Metadata("SlowSummary", "Slow.", entity_types=("host",))
        result_class = _SlowResult

    SlowSummary.steps = steps
    return SlowSummary()


def test_independent_steps_run_at_the_same_time():
    barrier = threading.Barrier(2, timeout=20)

    def meet(name):
        def do(run):
            barrier.wait()
            return {name: name}

        return do

    result = _slow_summary(one=meet("one"), two=meet("two")).run("web1")
    assert [step.status for step in result.steps] == ["ok", "ok", "ok"]
    assert [step.name for step in result.steps] == ["one", "two", "three"]


def test_a_cancelled_run_keeps_what_there_is():
    cancel, began = threading.Event(), threading.Event()

    def stuck(run):
        began.set()
        while True:
            time.sleep(0.01)
            run.check()

    def stop():
        began.wait(60)
        cancel.set()

    threading.Thread(target=stop).start()
    result = _slow_summary(two=stuck).run("web1", cancel=cancel)
    assert result.one == "one"
    assert {step.name: step.why for step in result.steps} == {"one": "", "two": "cancelled", "three": "cancelled"}
    assert not result.is_complete


def test_ctrl_c_keeps_what_there_is():
    def interrupt(told):
        if told.step == "one" and told.status == "ok":
            raise KeyboardInterrupt

    one = _slow_summary()
    with pytest.raises(KeyboardInterrupt):
        one.run("web1", progress=interrupt)
    assert one.result.one == "one"


def test_a_step_reads_only_what_it_declares():
    result = _slow_summary(one=lambda run: {"one": run["two"]}).run("web1")
    assert result.steps[0].status == "failed"
    assert "does not declare that it reads it" in result.steps[0].why


def test_a_step_gives_only_what_it_declares():
    result = _slow_summary(one=lambda run: {"two": 1}).run("web1")
    assert "which it does not declare" in result.steps[0].why
    assert result.two == "two"


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        ((Step("a", print, gives=("x",)), Step("a", print)), "two of this name"),
        ((Step("a", print, gives=("x",)), Step("b", print, gives=("x",))), "an earlier step gives"),
        ((Step("a", print, gives=("y",)),), "not declared by the result class"),
        ((Step("a", print, option="o"),), "no option 'o' declared"),
        ((Step("a", print, uses=("x",)), Step("b", print, gives=("x",))), "which no earlier step gives"),
    ],
)
def test_steps_that_do_not_fit_are_refused_when_the_class_is_made(steps, words):
    class Result(NotebookletResult):
        x = table("X.")

    with pytest.raises(OptionError, match=words):
        type("Odd", (Notebooklet,), {"metadata": Metadata("Odd", "…"), "result_class": Result, "steps": steps})


def test_needs_are_told_before_anything_is_asked():
    class Result(NotebookletResult):
        x = table("X.")

    class NeedsSummary(Notebooklet[Result]):
        metadata = Metadata("NeedsSummary", "…", (Option("x", "X."),), ("host",))
        result_class = Result
        steps = (
            Step("a", lambda run: 1 / 0, providers=("tilookup|vt",)),
            Step("b", lambda run: 1 / 0, tables=("flow|dns",)),
        )

    told = NeedsSummary().run("web1").steps
    assert [step.why for step in told] == [
        "needs provider tilookup or vt",
        "needs table flow or dns, and there is no workspace",
    ]
    with pytest.raises(CatalogueError, match="no such provider"):
        NeedsSummary().get_provider("tilookup")
    assert NeedsSummary({"VT": "…"}).get_provider("tilookup|vt") == "…"
