"""The use-cases, and the only wiring: one noun in the hand, :class:`Workspace`."""

from __future__ import annotations

import getpass
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from flowsleuth.errors import WorkspaceError
from flowsleuth.settings import DEFAULT_HOME, FILE_NAME, Settings
from flowsleuth.workspace.alert_methods import AlertMethods
from flowsleuth.workspace.analyze_methods import AnalyzeMethods
from flowsleuth.workspace.behaviour_methods import BehaviourMethods
from flowsleuth.workspace.casework import Casework
from flowsleuth.workspace.command_methods import CommandMethods
from flowsleuth.workspace.convert_methods import ConvertMethods
from flowsleuth.workspace.enrich_methods import EnrichMethods
from flowsleuth.workspace.intel_methods import IntelMethods
from flowsleuth.workspace.ioc_methods import IocMethods
from flowsleuth.workspace.lead_methods import LeadMethods
from flowsleuth.workspace.logon_methods import LogonMethods
from flowsleuth.workspace.notebooklet_methods import NotebookletMethods
from flowsleuth.workspace.pivot_methods import PivotMethods
from flowsleuth.workspace.query_methods import QueryMethods
from flowsleuth.workspace.score_methods import ScoreMethods
from flowsleuth.workspace.self_test_methods import SelfTestMethods
from flowsleuth.workspace.sql_methods import SqlMethods
from flowsleuth.workspace.stitch_methods import StitchMethods
from flowsleuth.workspace.time_range import TimeMethods
from flowsleuth.workspace.triage_methods import TriageMethods

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from flowsleuth.store import Store
    from flowsleuth.store.case import CaseDatabase
    from flowsleuth.workspace.ingest import IngestProgress, IngestReport

__all__ = ["Workspace", "init", "open"]


def init(folder: str | Path, *, home: Iterable[str] = DEFAULT_HOME, tz: str = "UTC", engine: str = "duckdb") -> Path:
    """Make a workspace folder.

    Parameters
    ----------
    folder : path
        Made if it does not exist.
    home : iterable of str
        Home networks, CIDR.
    tz : str
        IANA zone of log times that name none.
    engine : str
        Engine URL.

    Raises
    ------
    WorkspaceError
        There is a workspace already, or the folder cannot be made.
    OptionError
        A network or zone is not one.

    Examples
    --------
    >>> import tempfile
    >>> init(tempfile.mkdtemp() + "/case", home=["10.0.0.0/8"]).name
    'case'
    """
    path = Path(folder)
    settings = Settings(tuple(home), tz, engine)
    target = path / FILE_NAME
    try:
        path.mkdir(parents=True, exist_ok=True)
        if target.exists():
            raise WorkspaceError(
                "there is a workspace already", where=str(path), hint="use it, or choose another folder"
            )
        aside = path / f".{FILE_NAME}"
        aside.write_text(settings.to_toml(), encoding="utf-8")
        aside.replace(target)
    except OSError as error:
        raise WorkspaceError(f"cannot be made: {error.strerror}", where=str(path)) from None
    return path


def open(
    folder: str | Path,
    *,
    create: bool = False,
    engine: str | None = None,
    case: str | None = None,
    analyst: str | None = None,
) -> Workspace:
    """Open a workspace; use it in a ``with`` statement.

    Parameters
    ----------
    folder : path
    create : bool
        Make it with default settings when it is not there.
    engine : str, optional
        Engine URL instead of the workspace's own: ``duckdb``, ``sc://host:port``, ``spark://host:port``.
    case : str, optional
        URL of the analyst database instead of the workspace's own, such as ``postgresql+psycopg://ana@db/case``.
    analyst : str, optional
        Who works here, for ratings and the audit trail; the name of the system's user when not given.

    Raises
    ------
    WorkspaceError
        The folder is no workspace.
    """
    path = Path(folder)
    if create and not (path / FILE_NAME).exists():
        init(path)
    settings = Settings.load(path)
    if engine is not None:
        settings = replace(settings, engine=engine)
    if case is not None:
        settings = replace(settings, case_url=case)
    return Workspace(path, settings, analyst)


class Workspace(
    AlertMethods,
    Casework,
    ScoreMethods,
    BehaviourMethods,
    SelfTestMethods,
    TriageMethods,
    LeadMethods,
    TimeMethods,
    IntelMethods,
    IocMethods,
    EnrichMethods,
    QueryMethods,
    PivotMethods,
    NotebookletMethods,
    CommandMethods,
    ConvertMethods,
    SqlMethods,
    StitchMethods,
    LogonMethods,
    AnalyzeMethods,
):
    """One investigation: logs in, suspects out.

    Get one from :func:`flowsleuth.open`.

    Examples
    --------
    >>> import flowsleuth, pathlib, tempfile
    >>> log = pathlib.Path(tempfile.mkdtemp()) / "flows.csv"
    >>> _ = log.write_text("firstSeen,duration,proto,srcAddr,srcPort,dstAddr,dstPort,packets,bytes,flows\\n"
    ...     "2023-11-14 22:13:20.500,0.250,TCP,10.0.0.5,50000,192.0.2.7,443,4,900,1\\n")
    >>> with flowsleuth.open(tempfile.mkdtemp() + "/case", create=True) as ws:
    ...     ws.ingest(log).rows
    {'flow': 1}
    """

    def __init__(self, folder: Path, settings: Settings, analyst: str | None = None) -> None:
        self.folder = folder
        self.settings = settings
        self.analyst = analyst or getpass.getuser()
        self._store: Store | None = None
        self._case: CaseDatabase | None = None

    def __enter__(self) -> Workspace:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Workspace({str(self.folder)!r}, engine={self.settings.engine!r})"

    def close(self) -> None:
        """Let files and engine go."""
        if self._store is not None:
            self._store.close()
            self._store = None
        if self._case is not None:
            self._case.close()
            self._case = None

    def interrupt(self) -> None:
        """Stop what another thread is asking of the engine here; its question fails."""
        if self._store is not None:
            self._store.interrupt()

    @property
    def store(self) -> Store:
        """The rows at rest."""
        if self._store is None:
            from flowsleuth.store import Store

            self._store = Store(self.folder, self.settings.engine)
        return self._store

    @property
    def case(self) -> CaseDatabase:
        """What analysts decided and wrote; made when first asked for."""
        if self._case is None:
            from flowsleuth.store.case import CaseDatabase

            self._case = CaseDatabase.open(self.folder, self.settings.case_url or None)
        return self._case

    def table(self, name: str) -> ir.Table:
        """An Ibis table of what is stored, for questions of your own.

        Raises
        ------
        CatalogueError
            There is no such table.
        """
        from flowsleuth.schema import table

        return self.store.table(table(name).name)

    def ingest(
        self,
        *paths: str | Path,
        reader: str | None = None,
        options: dict[str, Any] | None = None,
        strict: bool = False,
        tz: str | None = None,
        progress: Callable[[IngestProgress], None] | None = None,
        stdin: IO[bytes] | None = None,
    ) -> IngestReport:
        """Read logs into the store; what was read before adds nothing.

        Parameters
        ----------
        *paths : path
            Files, folders, patterns, or ``-`` for standard input.
        reader : str, optional
            Instead of finding one by content.
        options : dict, optional
            Options of that reader.
        strict : bool
            A reject is a failure, and nothing of that file is kept.
        tz : str, optional
            Zone of times that name none.
        progress : callable, optional
            Told how far it is.

        Returns
        -------
        IngestReport
            Rows, rejects, skipped and failed files.

        Raises
        ------
        ReaderError
            A path does not exist.
        StoreError
            Another process writes to the workspace.
        """
        from flowsleuth.workspace.ingest import Ingest

        work = Ingest(
            self.store,
            self.settings,
            reader=reader,
            options=options,
            strict=strict,
            tz=tz,
            progress=progress,
            stdin=stdin,
        )
        return work.run([str(path) for path in paths])

    def info(self) -> dict[str, Any]:
        """What is stored: see :func:`flowsleuth.workspace.summary.summarize`."""
        from flowsleuth.workspace.summary import summarize

        return summarize(self.store)
