"""The conformance kit of notebooklets: what it says of itself, and what every run of it keeps."""

from __future__ import annotations

import contextlib
import copy
import io
import pickle
import re
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from flowsleuth.notebooklets import Notebooklet, NotebookletResult, Step

if TYPE_CHECKING:
    from flowsleuth.workspace import Workspace

LONG_AGO = ("1971-01-01", "1971-01-02")
"""A window in which nothing happened."""
_FETCHES = re.compile(r"""(?:src|href)\s*=\s*["']?(?!data:|#)|<script|<link|@import|url\((?!["']?(?:data:|#))""", re.I)


def check_notebooklet(
    workspace: Workspace, notebooklet: type[Notebooklet[Any]], value: Any = None, *, data: Any = None,
    options: Any = None, parameters: Mapping[str, Any] | None = None,
) -> None:  # fmt: skip
    """Check that a notebooklet keeps its word; raises AssertionError with the reason where it does not.

    Parameters
    ----------
    workspace : Workspace
        Best one that knows something about the value.
    notebooklet : class
    value, data : optional
        What a run gets.
    options : optional
        What to run; all options when not given. Leave out those that go over the network.
    parameters : mapping, optional

    Examples
    --------
    >>> import flowsleuth, tempfile
    >>> from flowsleuth.notebooklets.url_summary import UrlSummary
    >>> offline = ["requests", "names", "flows", "certificates", "alerts", "whois"]
    >>> with flowsleuth.open(tempfile.mkdtemp() + "/case", create=True) as ws:
    ...     check_notebooklet(ws, UrlSummary, "http://example.org/", options=offline)
    """
    given = {"value": value, "data": data, **(parameters or {})}
    check = _Check(workspace, notebooklet, given, notebooklet.all_options() if options is None else options)
    check.declared()
    result = check.runs()
    check.keeps(result)
    check.documents(result)
    check.survives(result)


class _Check:
    def __init__(
        self, workspace: Workspace, notebooklet: type[Notebooklet[Any]], given: dict[str, Any], options: Any
    ) -> None:
        self._workspace, self._class, self._given, self._options = workspace, notebooklet, given, options

    def _run(self, kind: type[Notebooklet[Any]] | None = None, **words: Any) -> NotebookletResult:
        words = {**self._given, "options": self._options, **words}
        providers = words.pop("providers", self._workspace)
        result: NotebookletResult = (kind or self._class)(providers).run(**words)
        return result

    def declared(self) -> None:
        """Name, sentences, options and who gives what."""
        card = self._class.metadata
        assert card.name == self._class.__name__, f"{card.name}: the class is called {self._class.__name__}"
        assert card.inputs, f"{card.name}: nothing to run on"
        assert card.entity_types or "value" not in card.inputs, f"{card.name}: takes a value of no type"
        said = {card.name: card.description, **{option.name: option.description for option in card.options}}
        said |= {name: one.description for name, one in self._class.result_class.attributes.items()}
        for name, text in said.items():
            assert text.endswith("."), f"{name}: {text!r} is no sentence"
        for name in card.all_options:
            assert name.isidentifier(), f"option {name}: no Python name"
            assert name.islower(), f"option {name}: not lower case"
        gated = {step.option for step in self._class.steps}
        assert set(card.all_options) <= gated, f"options that turn nothing on: {set(card.all_options) - gated}"
        for form in ("html", "md"):
            text = self._class.get_help("html" if form == "html" else "md")
            assert all(name in text for name in card.all_options), f"the help as {form} does not tell all options"

    def runs(self) -> NotebookletResult:
        """Nothing is printed, no step fails, and the same run finds the same."""
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            result = self._run()
        printed = out.getvalue() + err.getvalue()
        assert not printed, f"it prints: {printed[:200]!r}"
        failed = [str(step) for step in result.steps if step.status == "failed"]
        assert not failed, f"steps failed: {failed}"
        again = self._run()
        for name in result.attributes:
            assert result.section(name) == again.section(name), f"{name}: two runs find two things"
        return result

    def keeps(self, result: NotebookletResult) -> None:
        """A result is its own run's for good, however often it is copied."""
        assert result.notebooklet is not None
        assert result.notebooklet.result is result, "its methods act on another run"
        for what, other in (
            ("pickle", pickle.loads(pickle.dumps(result))),  # noqa: S301  # our own, of a moment ago
            ("copy", copy.copy(result)),
            ("deepcopy", copy.deepcopy(result)),
        ):
            assert other.to_json() == result.to_json(), f"{what}: not the same result"
            assert other.notebooklet.result is other, f"{what}: its methods act on the original"

    def documents(self, result: NotebookletResult) -> None:
        """JSON both ways, a page that fetches nothing, no difference to itself."""
        again = type(result).from_json(result.to_json())
        assert again.to_json() == result.to_json(), "what JSON gives back is not what was saved"
        for name in result.attributes:
            assert again.section(name) == result.section(name), f"{name}: not the same after JSON"
        assert not result.diff(again), "it differs from itself"
        for what, html in (("page", result.to_html()), ("view", result._repr_html_())):
            found = _FETCHES.search(_without_text(html))
            assert found is None, f"the {what} fetches or runs something: {found and found.group()!r}"

    def survives(self, result: NotebookletResult) -> None:
        """One broken step, an empty window, nobody to ask: the rest is there, and nothing is raised."""
        before = {step.name: step.status for step in result.steps}
        for step in self._class.steps:
            if before.get(step.name) == "ok":
                self._without(step, before)
        empty = self._run(timespan=LONG_AGO)
        failed = [str(step) for step in empty.steps if step.status == "failed"]
        assert not failed, f"in a window where nothing happened steps fail: {failed}"
        alone = self._run(providers=None) if self._given["data"] is None else empty
        failed = [str(step) for step in alone.steps if step.status == "failed"]
        assert not failed, f"without a workspace steps fail instead of telling what they need: {failed}"
        stopped = threading.Event()
        stopped.set()
        asked = [str(step) for step in self._run(cancel=stopped).steps if step.status == "ok"]
        assert not asked, f"a cancelled run goes on: {asked}"

    def _without(self, broken: Step, before: Mapping[str, str]) -> None:
        def fail(run: Any) -> Any:
            raise RuntimeError("broken on purpose")

        from dataclasses import replace

        steps = tuple(replace(step, do=fail) if step is broken else step for step in self._class.steps)
        kind: Any = type(self._class.__name__, (self._class,), {"_class_steps": ()})
        kind.steps = steps
        lost = {broken.name, *_followers(broken, steps)}
        for step in self._run(kind).steps:
            if step.name not in lost:
                status = before[step.name]
                assert step.status == status, f"with step {broken.name} broken, {step.name} is {step.status} too"


def _followers(broken: Step, steps: tuple[Step, ...]) -> set[str]:
    """Steps that read what a step gives, or what those give that do."""
    given, found = set(broken.gives), set()
    for step in steps:
        if set(step.reads) & given:
            found.add(step.name)
            given |= set(step.gives)
    return found


def _without_text(html: str) -> str:
    """The tags of a page; what is between them is text."""
    return "".join(re.findall(r"<[^>]*>|<style>.*?</style>", html, re.S))
