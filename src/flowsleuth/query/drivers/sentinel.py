"""Microsoft Sentinel and Log Analytics, by Microsoft's azure-monitor-query."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Unpack

from flowsleuth.errors import QueryError
from flowsleuth.query.drivers.azure_login import AzureLogin, LoginOptions
from flowsleuth.query.drivers.columns import typed_table
from flowsleuth.query.drivers.connections import check_url, error_of, is_local, need, need_setting
from flowsleuth.query.drivers.contract import Answer, Request
from flowsleuth.query.drivers.remote import RemoteDriver

EXTRA = "sentinel"


class Sentinel(RemoteDriver):
    """A Log Analytics workspace.

    Parameters
    ----------
    workspace_id : str
        The workspace's id (a GUID).
    endpoint : str
        For other clouds, such as ``https://api.loganalytics.us``.
    additional_workspaces : sequence of str
        Asked together with the first.
    timeout_s : int
        How long the other side may work on a query; it allows 600 at most.
    **login
        Keywords of :class:`~flowsleuth.query.drivers.azure_login.AzureLogin`.
    """

    environment: ClassVar[str] = "Sentinel"
    language: ClassVar[str] = "kql"
    summary: ClassVar[str] = "Microsoft Sentinel and Log Analytics, asked in KQL"
    extra: ClassVar[str] = EXTRA

    def __init__(
        self,
        workspace_id: str | None = None,
        *,
        endpoint: str = "https://api.loganalytics.io",
        additional_workspaces: Sequence[str] = (),
        timeout_s: int = 180,
        **login: Unpack[LoginOptions],
    ) -> None:
        super().__init__(parallel=4)
        self._workspace_id = workspace_id
        self._login = AzureLogin(**login)
        self._endpoint = endpoint
        self._more = list(additional_workspaces)
        self._timeout_s = timeout_s

    def _make(self) -> Any:
        need_setting(self._workspace_id, "workspace_id", self.environment)
        endpoint = check_url(self._endpoint, self.environment)
        client = need("azure.monitor.query", EXTRA).LogsQueryClient
        return client(self._login.credential_for(EXTRA), endpoint=endpoint, retry_total=0, logging_enable=False)

    def run(self, request: Request) -> Answer:
        """Ask; a result that Microsoft calls partial is given with its warning.

        Raises
        ------
        QueryError
        """
        client, errors = self._client, need("azure.core.exceptions", EXTRA)
        where = f"Sentinel {self._workspace_id}"
        timeout_s = int(request.options.get("timeout_s", self._timeout_s))
        try:
            found = client.query_workspace(
                self._workspace_id,
                request.query.text,
                timespan=(request.start, request.end) if request.sends_window else None,
                server_timeout=timeout_s,
                additional_workspaces=self._more or None,
                enforce_https=not is_local(self._endpoint),
                read_timeout=timeout_s + 20,
            )
        except errors.ClientAuthenticationError as error:
            raise error_of(401, error.message, where) from None
        except errors.HttpResponseError as error:
            headers = getattr(error.response, "headers", None) or {}
            raise error_of(error.status_code, _told(error), where, headers.get("Retry-After")) from None
        except errors.AzureError as error:
            raise QueryError(f"cannot be reached: {error.message}", where=where) from None
        return _answer(found)

    def tables(self) -> dict[str, dict[str, str]]:
        """Tables that have rows of the last week, with their columns."""
        text = "search * | where TimeGenerated > ago(7d) | distinct $table | take 500"
        names = [next(iter(row.values())) for row in self._rows(text)]
        found = {}
        for name in sorted(names):
            one = f"['{name}'] | getschema | project ColumnName, ColumnType"
            found[name] = {row["ColumnName"]: row["ColumnType"] for row in self._rows(one)}
        return found


def _told(error: Any) -> str:
    """The innermost message: the outer ones say only that the query is wrong."""
    inner = getattr(error, "model", None) or getattr(error, "error", None)
    texts = [str(error.message).partition("\n")[0]]
    while inner is not None:
        if getattr(inner, "message", None):
            texts.append(str(inner.message))
        inner = getattr(inner, "innererror", None) or getattr(inner, "inner_error", None)
        if isinstance(inner, dict):
            texts.append(str(inner.get("message", "")))
            inner = None
    return ": ".join(dict.fromkeys(text for text in texts if text))


def _answer(found: Any) -> Answer:
    partial = getattr(found, "partial_error", None)
    tables = found.partial_data if partial is not None else found.tables
    warnings: tuple[str, ...] = ()
    if partial is not None:
        warnings = (str(partial.message or partial.code or "only a part of the result came"),)
    if not tables:
        raise QueryError("; ".join(warnings) or "the answer has no table", where="Sentinel")
    first = tables[0]
    return Answer(typed_table(first.columns, first.columns_types, [list(row) for row in first.rows]), warnings)
