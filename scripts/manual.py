"""Fill the manual's ``{{ … }}`` from the code: tables, readers, detectors, commands, sizes (an MkDocs hook)."""

from __future__ import annotations

import importlib.metadata
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from flowsleuth.faces.cli.arguments import build_parser
from flowsleuth.schema import TABLES, Table
from flowsleuth.schema.intel import LOOKUP, MATCH, MATCHED_VALUE
from flowsleuth.schema.investigation import FOUND
from flowsleuth.workspace.offers import Offer, offered_detectors, offered_readers

WHY = {
    "pyarrow": "columns in memory, CSV and Parquet; needed by Ibis",
    "pandas": "what a user gets in hand; needed by Ibis",
    "duckdb": "the embedded engine; JSON parsing at ingest",
    "numpy": "numeric kernels; needed by Ibis",
    "ibis-framework": "one set of expressions for DuckDB and Spark",
    "sqlglot": "writes Ibis' SQL (held below 30.18, which breaks Ibis 12)",
    "rich": "the terminal's tables and progress bar; needed by Ibis",
    "sqlalchemy": "the analyst database: SQLite or PostgreSQL",
    "pyyaml": "rules written as a file",
    "tzdata": "time zones where the system has none",
}


def _cell(text: object) -> str:
    return str(text).replace("|", "\\|").replace("\n", " ")


def tables(listed: Iterable[Table] = tuple(TABLES.values())) -> str:
    """Every stored table as Markdown, or those given."""
    out = []
    for table in listed:
        out.append(f"## {table.name}\n\n{table.meaning}\n")
        out.append("| column | type | unit | meaning | null says |\n|---|---|---|---|---|")
        out += [f"| `{c.name}` | {c.type} | {c.unit} | {_cell(c.meaning)} | {_cell(c.null)} |" for c in table.columns]
        out.append("")
    return "\n".join(out)


def _offers(offers: list[Offer]) -> str:
    out = []
    for offer in offers:
        mark = " (default)" if offer.is_default else ""
        out.append(f"**`{offer.name}`**{mark}: {offer.summary}\n")
        if offer.options:
            out.append("| option | type | default | meaning |\n|---|---|---|---|")
        for option in offer.options:
            unit = f" {option.unit}" if option.unit else ""
            out.append(f"| `{option.name}` | {_cell(option.type)} | {option.default}{unit} | {_cell(option.help)} |")
        out.append("")
    return "\n".join(out)


def cli() -> str:
    """Every command's help."""
    parser: Any = build_parser()
    verbs = next(action for action in parser._actions if hasattr(action, "choices") and action.choices).choices
    out = [f"```text\n{parser.format_help()}```\n"]
    out += [f"## {name}\n\n```text\n{verb.format_help()}```\n" for name, verb in verbs.items()]
    return "\n".join(out)


def package_bytes(name: str) -> int:
    """Installed size of one package: its files, compiled Python aside."""
    files = importlib.metadata.files(name) or []
    paths = [Path(str(file.locate())) for file in files if "__pycache__" not in str(file)]
    return sum(path.stat().st_size for path in paths if path.exists())


def base_packages() -> list[str]:
    """Names of all packages that the base install brings, flowsleuth itself aside."""
    found: set[str] = set()
    todo = ["flowsleuth"]
    while todo:
        name = todo.pop()
        for text in importlib.metadata.requires(name) or []:
            requirement, _, marker = text.partition(";")
            wanted = re.match(r"[A-Za-z0-9_.-]+", requirement)
            if wanted is None or ("extra ==" in marker and not (name == "ibis-framework" and "duckdb" in marker)):
                continue
            child = wanted.group().lower()
            if child in found:
                continue
            try:
                importlib.metadata.distribution(child)
            except importlib.metadata.PackageNotFoundError:
                continue
            found.add(child)
            todo.append(child)
    return sorted(found)


def installed_sizes() -> str:
    """The base install as Markdown."""
    sizes = {name: package_bytes(name) / 1e6 for name in base_packages()}
    out = ["| package | version | MB | why |", "|---|---|---|---|"]
    small = 0.0
    for name, size in sorted(sizes.items(), key=lambda item: -item[1]):
        if name not in WHY:
            small += size
            continue
        out.append(f"| {name} | {importlib.metadata.version(name)} | {size:.0f} | {WHY[name]} |")
    out.append(f"| {len(sizes) - sum(n in WHY for n in sizes)} more, small | | {small:.0f} | needed by the above |")
    out.append(f"| **all** | | **{sum(sizes.values()):.0f}** | |")
    return "\n".join(out)


def command_rules() -> str:
    """The rules for command lines."""
    from flowsleuth.extract.command_lines import bundled_rules

    out = []
    for platform, title in (("windows", "Windows"), ("linux", "Linux"), ("any", "Any")):
        out.append(
            f"### {title}\n\n| rule | severity | ATT&CK | what it finds, and why it matters |\n|---|---|---|---|"
        )
        for rule in sorted(bundled_rules().rules, key=lambda one: one.id):
            if rule.platform == platform:
                techniques = " ".join(rule.techniques)
                out.append(
                    f"| `{rule.id}` | {rule.severity} | {techniques} | {_cell(rule.title)}. {_cell(rule.reason)} |"
                )
        out.append("")
    return "\n".join(out)


def graphql() -> str:
    """The GraphQL schema."""
    from flowsleuth.faces.graphql.reference import reference

    return reference()


def rest() -> str:
    """The REST routes."""
    from flowsleuth.faces.web.reference import reference

    return reference()


FILLERS: dict[str, Callable[[], str]] = {
    "tables": tables,
    "found_tables": lambda: tables(FOUND),
    "intel_tables": lambda: tables((LOOKUP, MATCH, MATCHED_VALUE)),
    "readers": lambda: _offers(offered_readers()),
    "detectors": lambda: _offers(offered_detectors()),
    "cli": cli,
    "command_rules": command_rules,
    "graphql": graphql,
    "rest": rest,
    "installed_sizes": installed_sizes,
}


def on_page_markdown(markdown: str, **_: object) -> str:
    """MkDocs calls this for every page."""
    return re.sub(r"\{\{ (\w+) \}\}", lambda match: FILLERS[match.group(1)](), markdown)


if __name__ == "__main__":
    print(installed_sizes())
