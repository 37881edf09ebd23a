"""``QueryProvider``: the queries of a library as methods, put to one place through its driver."""

from __future__ import annotations

import datetime as dt
import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flowsleuth.errors import QueryParameterError
from flowsleuth.query.arguments import resolve
from flowsleuth.query.calls import Call, sort_out
from flowsleuth.query.connection_strings import parse_connection
from flowsleuth.query.definitions import QueryDefinition
from flowsleuth.query.drivers import DRIVERS
from flowsleuth.query.drivers.contract import Driver, Request
from flowsleuth.query.files import ENVIRONMENTS, environment_of, read_library
from flowsleuth.query.functions import QueryFunction, QueryGroup
from flowsleuth.query.languages import renderer
from flowsleuth.query.languages.values import Rendered, Value
from flowsleuth.query.ranges import border_risk, has_closed_end, parts_of
from flowsleuth.query.report import ATTRIBUTE, PartialResultWarning, QueryReport, with_report
from flowsleuth.query.runner import Patience, put_together, run_parts
from flowsleuth.query.shelf import QueryShelf
from flowsleuth.schema.moments import parse_period
from flowsleuth.schema.time_range import TimeRange

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


ALL_TIME = TimeRange(dt.datetime(1970, 1, 1, tzinfo=dt.UTC), dt.datetime(2200, 1, 1, tzinfo=dt.UTC))


class QueryProvider(QueryShelf):
    """Queries to one place, as methods in groups.

    Parameters
    ----------
    environment : str or Driver
        ``LocalData``, ``Workspace``, ``Sentinel``, ``DefenderXDR``, ``Kusto``, ``Splunk``, ``Elastic``, ``OpenSearch``,
        or a name that msticpy has for one of them (``MSSentinel``, ``M365D`` …); or a driver of your own.
    data_environment : str, optional
        msticpy's name of the first parameter.
    query_paths : iterable of path
        Query files, and folders of them, in msticpy's format; a query of the same name and group goes before ours.
    own_queries : bool
        Whether the library that comes with flowsleuth is there too.
    time_range : TimeRange or what it can be made of, optional
        For queries that are called without a window; all time for data that are here, the last day for others.
    parallel : int, optional
        How many parts of a split window are asked at once; the driver knows by default.
    patience : Patience
        How a busy side is asked again.
    **connection
        What the driver needs: see ``help(flowsleuth.query.drivers)`` or ``docs/queries.md``.

    Raises
    ------
    CatalogueError
        No such environment.
    QueryFileError
        A query file is not in the format.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "AzureNetworkAnalytics.csv").write_text(
    ...     "FlowStartTime,FlowEndTime,VMName,VMIPAddress,AllExtIPs,AllowedOutFlows,AllowedInFlows\\n"
    ...     "2019-02-12 13:00:07,2019-02-12 13:00:48,msticalertswin1,10.0.3.5,65.55.44.109,1,0\\n")
    >>> local = QueryProvider("LocalData", data_paths=[folder])
    >>> flows = local.Network.list_azure_network_flows_by_host(host_name="MSTICAlertsWin1")
    >>> flows[["VMName", "AllExtIPs"]].to_dict("records")
    [{'VMName': 'msticalertswin1', 'AllExtIPs': '65.55.44.109'}]
    >>> "list_azure_network_flows_by_host" in dir(local.Network)
    True
    """

    def __init__(
        self,
        environment: str | Driver | None = None,
        *,
        data_environment: str | None = None,
        query_paths: Iterable[str | Path] = (),
        own_queries: bool = True,
        time_range: Any = None,
        parallel: int | None = None,
        patience: Patience = Patience(),  # noqa: B008 - frozen
        **connection: Any,
    ) -> None:
        asked = environment if environment is not None else data_environment
        if asked is None:
            raise QueryParameterError("an environment is needed", where="QueryProvider(…)", available=ENVIRONMENTS)
        self.driver = _driver(asked, connection)
        self._connection = connection
        self.patience = patience
        self.parallel = parallel or self.driver.parallel
        self._window = None if time_range is None else TimeRange.of(time_range)
        self._is_connected = False
        super().__init__(self.driver.environment)
        paths = [query_paths] if isinstance(query_paths, str | Path) else query_paths
        self._add(read_library(paths, own=own_queries))

    # connection ---------------------------------------------------------------------------------------------------

    def connect(self, connection_str: str | None = None, **connection: Any) -> QueryProvider:
        """Make the connection now, rather than at the first query; gives itself.

        Parameters
        ----------
        connection_str : str, optional
            As msticpy has it: ``loganalytics://code().tenant("…").workspace("…")``, or ``host=…;port=…``.
        **connection
            More for the driver, over what was given before.

        Raises
        ------
        MissingExtraError
            The package for it is not installed.
        QueryError
            It cannot be reached, or is not set well.
        """
        fresh = (parse_connection(connection_str, self.environment) if connection_str else {}) | connection
        if fresh:
            self.close()
            self._connection = self._connection | fresh
            self.driver = _made(type(self.driver), self._connection)
        if not self._is_connected:
            self.driver.connect()
            self._is_connected = True
        return self

    def close(self) -> None:
        """Let the connection go."""
        self.driver.close()
        self._is_connected = False

    def __enter__(self) -> QueryProvider:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def time_range(self) -> TimeRange:
        """The window of queries that are called without one."""
        if self._window is not None:
            return self._window
        return ALL_TIME if self.driver.is_local else TimeRange.of("-1d")

    @time_range.setter
    def time_range(self, window: Any) -> None:
        self._window = None if window is None else TimeRange.of(window)

    def tables(self) -> dict[str, dict[str, str]]:
        """Tables with their columns and types, where the other side tells; else empty."""
        return self.connect().driver.tables()

    # queries as methods -----------------------------------------------------------------------------------------------

    def query(self, name: str) -> QueryFunction:
        """A query as a function, by its name."""
        return QueryFunction(self, name, self.definition(name))

    def help(self, name: str) -> str:
        """What a query does, its parameters, and its text."""
        return self.query(name).help()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or "_queries" not in self.__dict__:
            raise AttributeError(name)
        group = QueryGroup(self, name)
        if not dir(group):
            groups = sorted({key.split(".")[0] for key in self._queries})
            raise AttributeError(f"{self.environment} has no group {name!r} of queries; it has {', '.join(groups)}")
        return group

    # asking -------------------------------------------------------------------------------------------------------

    def run(self, name: str, *objects: Any, **given: Any) -> Any:
        """Call a query by its name: see :class:`QueryFunction`."""
        return self.query(name)(*objects, **given)

    def text_of(self, query: QueryDefinition, *objects: Any, **given: Any) -> str:
        """The query as it would be sent, without sending it; for a split window, its first part."""
        call = sort_out(query, objects, given)
        return self._requests(query, call)[0].query.text

    def arrow_of(self, query: QueryDefinition, name: str, *objects: Any, **given: Any) -> pa.Table:
        """Ask a query of the library; see :class:`QueryFunction`."""
        call = sort_out(query, objects, given)
        notes = [risk] if call.split_by and (risk := border_risk(query)) else []
        return self._ask(name, self._requests(query, call), notes)

    def exec_query(
        self, text: str | Mapping[str, Any], *, start: Any = None, end: Any = None, **options: Any
    ) -> pd.DataFrame:
        """Put a text of your own, as it is.

        Parameters
        ----------
        text : str or mapping
            In the language of the place; a mapping is a JSON document for Elasticsearch.
        start, end : optional
            The window, where the driver sends one beside the text (Sentinel, Splunk).
        **options
            For this call, such as ``database`` (Kusto), ``index`` (Elasticsearch) or ``timeout_s``.
        """
        return to_frame(self.exec_arrow(text, start=start, end=end, **options))

    def exec_arrow(
        self, text: str | Mapping[str, Any], *, start: Any = None, end: Any = None, **options: Any
    ) -> pa.Table:
        """The same as :meth:`exec_query`, as an Arrow table."""
        window = TimeRange() if start is None and end is None else TimeRange.of(start=start, end=end)
        if self.driver.language == "elastic":
            rendered = renderer("elastic")(QueryDefinition("exec_query", (), (), text), {})
        else:
            rendered = Rendered.as_is(str(text))
        return self._ask("", [Request(rendered, window.start, window.end, options, not window.is_open)], [])

    def _requests(self, query: QueryDefinition, call: Call) -> list[Request]:
        values = resolve(query, call.objects, call.given, window=self.time_range)
        write = renderer(self.driver.language)
        options = call.options or {}
        start, end = (_moment(values.get(name)) for name in ("start", "end"))
        limit = values.get("limit")
        most = limit.value if limit is not None and limit.origin == "default" else None
        if not call.split_by:
            return [Request(write(query, values), start, end, options, most_rows=most)]
        if start is None or end is None:
            raise QueryParameterError("this query has no start and end to split", where=f"{query.name}(split_by=…)")
        requests = []
        for first, last in parts_of(start, end, parse_period(call.split_by), closed=has_closed_end(query)):
            window = {"start": Value(first, values["start"].origin), "end": Value(last, values["end"].origin)}
            requests.append(Request(write(query, values | window), first, last, options, most_rows=most))
        return requests

    def _ask(self, name: str, requests: list[Request], notes: list[str]) -> pa.Table:
        self.connect()
        outcomes = run_parts(self.driver, requests, self.patience, self.parallel)
        parts = tuple(one.part for one in outcomes)
        report = QueryReport(self.environment, name, requests[0].query.text, parts, tuple(notes))
        if not report.is_complete:
            warnings.warn(report.summary(), PartialResultWarning, stacklevel=4)
        rows = put_together([one.rows for one in outcomes if one.rows is not None])
        return with_report(rows, report)


def to_frame(rows: pa.Table) -> pd.DataFrame:
    """As pandas; times are UTC; the report is in ``attrs``."""
    import json

    frame = rows.replace_schema_metadata(None).to_pandas()
    frame.attrs[ATTRIBUTE] = json.loads((rows.schema.metadata or {})[ATTRIBUTE.encode()])
    return frame


def _driver(environment: str | Driver, connection: dict[str, Any]) -> Driver:
    if not isinstance(environment, str):
        if connection:
            raise QueryParameterError("a driver that is made already takes no connection", where=", ".join(connection))
        return environment
    ours = environment_of(environment)
    key = "OpenSearch" if environment.casefold() == "opensearch" else ours or environment
    return _made(DRIVERS.load(key), connection)


def _made(kind: type, connection: dict[str, Any]) -> Driver:
    try:
        made: Driver = kind(**connection)
    except TypeError as error:
        raise QueryParameterError(str(error).partition("() ")[2] or str(error), where=kind.__name__) from None
    return made


def _moment(value: Value | None) -> dt.datetime | None:
    return value.value if value is not None and isinstance(value.value, dt.datetime) else None
