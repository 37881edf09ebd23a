"""``flowsleuth run`` and ``flowsleuth notebooklet``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import flowsleuth
from flowsleuth.faces.cli.rows import print_columns
from flowsleuth.faces.cli.show import print_json, print_table
from flowsleuth.faces.cli.table_files import read_typed_table
from flowsleuth.faces.cli.window import asked_window
from flowsleuth.schema.printable import printable_text

if TYPE_CHECKING:
    import argparse

    from flowsleuth.notebooklets import Notebooklet, NotebookletResult, Progress
    from flowsleuth.workspace import Workspace
    from flowsleuth.workspace.notebooklets import NotebookletTree

FAILED = 1


def run(parsed: argparse.Namespace) -> int:
    """``flowsleuth run``: 1 when a step failed, whatever the others found."""
    with _opened(parsed) as ws:
        one = ws.notebooklet(parsed.name)
        options, parameters = _options(type(one), parsed.option or [])
        window = asked_window(ws, parsed)
        result = one.run(
            parsed.value,
            data=None if parsed.data is None else read_typed_table(parsed.data),
            timespan=None if window.is_open else window,
            options=options,
            progress=None if parsed.quiet else _tell,
            **parameters,
        )
        _write(result, parsed)
        _show(result, parsed)
    return 0 if result.is_complete else FAILED


def _opened(parsed: argparse.Namespace) -> Workspace:
    ws = flowsleuth.open(parsed.workspace, engine=parsed.engine)
    _known(ws.notebooklets, parsed.folder)
    return ws


def _known(tree: NotebookletTree, folders: list[str]) -> NotebookletTree:
    for folder in folders:
        tree.add_folder(folder)
    return tree


def _options(kind: type[Notebooklet[Any]], given: list[str]) -> tuple[list[str], dict[str, Any]]:
    """Options, and parameters in the types they are declared with."""
    from flowsleuth.workspace.offers import typed_options

    pairs = dict(one.split("=", 1) for one in given if "=" in one)
    return [one for one in given if "=" not in one], typed_options(kind.Parameters, pairs)


def _tell(progress: Progress) -> None:
    if progress.status != "started":
        print(printable_text(str(progress)), file=sys.stderr)


def _write(result: NotebookletResult, parsed: argparse.Namespace) -> None:
    if parsed.html:
        result.to_html(parsed.html)
    if parsed.excel:
        result.to_excel(parsed.excel)
    if parsed.json:
        result.to_json(parsed.json)
    for path in (parsed.html, parsed.excel, parsed.json):
        if path:
            print(f"written: {path}", file=sys.stderr)


def _show(result: NotebookletResult, parsed: argparse.Namespace) -> None:
    if parsed.format == "json":
        print(result.to_json())
    elif parsed.format == "html":
        print(result.to_html())
    elif parsed.format == "table":
        _on_terminal(result, parsed.top)


def _on_terminal(result: NotebookletResult, top: int) -> None:
    print(printable_text(result.description))
    print(printable_text(result.timespan))
    for name in result.properties:
        section = result.section(name)
        if section.table is not None and not section.figure:
            print(f"\n{printable_text(section.title)}")
            print_columns(section.table, top)
            if section.note:
                print(printable_text(section.note))
        elif section.kind == "text":
            print(f"{name}: {printable_text(section.text)}")
    drawn = result.vis_properties()
    if drawn:
        print(f"\nfigures, seen with --html FILE: {', '.join(drawn)}")
    print()
    rows = [[step.title or step.name, step.status, f"{step.seconds:.2f}", step.why] for step in result.steps]
    print_table(rows, ("step", "status", "seconds", "why"), right=("seconds",), wrap=("why",))


def notebooklet(parsed: argparse.Namespace) -> int:
    """``flowsleuth notebooklet list|help|new``."""
    from flowsleuth.workspace.notebooklets import NotebookletTree

    if parsed.deed == "new":
        return _new(parsed)
    tree = _known(NotebookletTree(), parsed.folder)
    if parsed.deed == "help":
        print(tree.load(parsed.name).get_help(parsed.format))
        return 0
    names = [name for name, _ in tree.find(" ".join(parsed.terms))] if parsed.terms else tree.names()
    cards = [(name, tree.load(name).metadata) for name in names]
    if parsed.format == "json":
        keys = ("description", "entity_types", "keywords", "all_options", "default_options")
        print_json([{"name": name, **{key: getattr(card, key) for key in keys}} for name, card in cards])
    else:
        rows = [[name, ", ".join(card.entity_types), card.description] for name, card in cards]
        print_table(rows, ("notebooklet", "about", "what it does"), wrap=("what it does",))
    return 0


def _new(parsed: argparse.Namespace) -> int:
    from flowsleuth.notebooklets.template import write_template

    written = write_template(parsed.name, parsed.folder, entity=parsed.entity, replace=parsed.replace)
    for path in written:
        print(path)
    print(f"next: pytest {written[1]}; flowsleuth run {parsed.name} --folder {parsed.folder} --value …")
    return 0


ACTIONS = {"run": run, "notebooklet": notebooklet}
