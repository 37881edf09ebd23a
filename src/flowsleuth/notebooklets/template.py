"""A notebooklet to begin with, and its test: both run as they are written."""

from __future__ import annotations

from pathlib import Path

from flowsleuth.errors import OptionError, WorkspaceError
from flowsleuth.notebooklets.card import snake_case
from flowsleuth.notebooklets.metadata import ENTITY_KINDS

MODULE = '''"""{name}: what the stored tables say of {article}."""

from dataclasses import dataclass, field

from flowsleuth.notebooklets import (
    Found, Metadata, Notebooklet, NotebookletResult, Option, SkipStep, Step, entity, table, value,
)


@dataclass(frozen=True)
class {name}Parameters:
    """What can be set besides the options: run(…, limit=100), or --option limit=100."""

    limit: int = field(default=10_000, metadata={{"help": "alerts at most", "min": 1}})


class {name}Result(NotebookletResult):
    """A line for each thing that a run finds: it declares, documents and saves it."""

    about = entity("What was asked about.")
    alerts = table("Alerts about it, earliest first.")
    alert_names = table("How often each alert was raised, most often first.")
    summary = value("All of it in a sentence.")


def read_alerts(run):
    """Steps are functions: they take the run and give attributes of the result. Nothing is printed."""
    return {{"about": run.asked.entity, "alerts": run.ask("{kind}.alerts", limit=run.parameters.limit)}}


def count_names(run):
    """Earlier results are Arrow tables; a step reads what it declares in uses= or after=."""
    alerts = run["alerts"]
    if not len(alerts):
        raise SkipStep("there is no alert about it")
    counted = alerts.group_by("name").aggregate([([], "count_all")]).rename_columns(["name", "times"])
    counted = counted.sort_by([("times", "descending"), ("name", "ascending")])
    return {{"alert_names": Found(counted, note="alerts of the same name are counted together")}}


def write_summary(run):
    """after= is for what may be missing: then it is None."""
    names = run["alert_names"]
    said = "no alert" if names is None else f"{{len(names)}} kinds of alerts"
    return {{"summary": f"{{run.asked.text}}: {{said}}."}}


class {name}(Notebooklet[{name}Result]):
    """What is said here is in the help: {name}.show_help()."""

    metadata = Metadata(
        name="{name}",
        description="What alerts say of {article}.",
        options=(
            Option("alerts", "Alerts about it."),
            Option("names", "How often each was raised."),
            Option("summary", "All of it in a sentence.", is_default=False),
        ),
        entity_types=("{entity}",),
        keywords=("alert", "template"),
    )
    result_class = {name}Result
    Parameters = {name}Parameters
    steps = (
        Step("alerts", read_alerts, "Alerts", gives=("about", "alerts"), option="alerts", tables=("alert",)),
        Step("names", count_names, "Alert names", gives=("alert_names",), option="names", uses=("alerts",)),
        Step("summary", write_summary, "Summary", gives=("summary",), option="summary", after=("alert_names",)),
    )

    def loudest(self):
        """The alert that was raised most often; a method of the result, of that run and no other."""
        names = self.result.alert_names
        return None if names is None else names["name"].iloc[0]
'''

TEST = '''"""{name} keeps what notebooklets promise. Run it: pytest {test}"""

from pathlib import Path

from flowsleuth.testing import check_notebooklet
from flowsleuth.workspace.frames import open_frames

ALERTS = [
    {{"start": "2024-03-14T00:00:10Z", "name": "scan", "src_ip": "10.0.0.5", "dst_ip": "192.0.2.7", "severity": 2,
     "entities": {entities!r}}},
    {{"start": "2024-03-14T00:00:20Z", "name": "scan", "src_ip": "10.0.0.5", "dst_ip": "192.0.2.7", "severity": 2,
     "entities": {entities!r}}},
]


def test_{snake}():
    import pyarrow

    with open_frames({{"alert": pyarrow.Table.from_pylist(ALERTS)}}) as ws:
        ws.notebooklets.add_folder(Path(__file__).parent, "mine")
        one = ws.notebooklet("{name}")
        check_notebooklet(ws, type(one), {value!r})
        result = one.run({value!r}, options="+summary", strict=True)
        assert result.alert_names["times"].tolist() == [2]
        assert result.loudest() == "scan"
        assert result.summary.endswith("1 kinds of alerts.")
'''
_SAMPLES = {
    "ip_address": ("192.0.2.7", '[{"Type": "ip", "Address": "192.0.2.7"}]'),
    "host": ("web1", '[{"Type": "host", "HostName": "WEB1"}]'),
    "account": ("ana", '[{"Type": "account", "Name": "ana"}]'),
    "url": ("http://example.org/a", '[{"Type": "url", "Url": "http://example.org/a"}]'),
    "domain": ("example.org", '[{"Type": "url", "Url": "http://example.org/a"}]'),
    "file": (f"{'ab' * 32}", f'[{{"Type": "filehash", "Algorithm": "SHA256", "Value": "{"ab" * 32}"}}]'),
}
_ARTICLES = {"ip_address": "an address", "host": "a host", "account": "an account", "url": "a URL"}


def write_template(
    name: str, folder: str | Path = ".", *, entity: str = "ip_address", replace: bool = False
) -> list[Path]:
    """Write a notebooklet and its test into a folder.

    Parameters
    ----------
    name : str
        Of the class: ``DnsSummary``.
    folder : path
        Made if it is not there. Give it to ``ws.notebooklets.add_folder``.
    entity : str
        What a value is: ``ip_address``, ``host``, ``account``, ``url``, ``domain``, ``file``.
    replace : bool
        Overwrite files that are there.

    Returns
    -------
    list of Path
        The module and its test.

    Raises
    ------
    OptionError
        The name is no class name, the entity is none of these, or a file is there and is not to be replaced.
    WorkspaceError
        The folder cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> [path.name for path in write_template("DnsSummary", tempfile.mkdtemp(), entity="domain")]
    ['dns_summary.py', 'test_dns_summary.py']
    """
    if not (name.isidentifier() and name[:1].isupper()):
        raise OptionError("not the name of a class", where=name, hint="write it like DnsSummary")
    if entity not in ENTITY_KINDS:
        raise OptionError("no such entity", where=entity, available=ENTITY_KINDS)
    snake, place = snake_case(name), Path(folder)
    value, entities = _SAMPLES[entity]
    words = {"name": name, "snake": snake, "entity": entity, "kind": ENTITY_KINDS[entity], "value": value}
    words |= {"entities": entities, "article": _ARTICLES.get(entity, f"a {entity}"), "test": f"test_{snake}.py"}
    texts = {place / f"{snake}.py": MODULE, place / f"test_{snake}.py": TEST}
    there = [str(path) for path in texts if path.exists()]
    if there and not replace:
        raise OptionError("is there already", where=there[0], hint="another name, another folder, or --replace")
    try:
        place.mkdir(parents=True, exist_ok=True)
        for path, text in texts.items():
            path.write_text(text.format(**words), encoding="utf-8")
    except OSError as error:
        raise WorkspaceError(f"cannot be written: {error.strerror}", where=str(place)) from None
    return list(texts)
