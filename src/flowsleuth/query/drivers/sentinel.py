"""Microsoft Sentinel and Log Analytics, by Microsoft's azure-monitor-query."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from flowsleuth.errors import QueryError
from flowsleuth.query.drivers.columns import typed_table
from flowsleuth.query.drivers.connections import azure_login, check_url, error_of, is_local, need, need_setting
from flowsleuth.query.drivers.contract import Answer, Request

EXTRA = "sentinel"


class Sentinel:
    """A Log Analytics workspace.

    Parameters
    ----------
    workspace_id : str
        The workspace's id (a GUID).
    tenant_id, client_id, client_secret : str, optional
        Of an application; else ``auth`` says how to log in.
    auth : str
        ``default`` (what azure-identity finds), ``cli``, ``env``, ``msi``, ``devicecode``, ``interactive``,
        ``powershell``.
    token : str, optional
        An access token got elsewhere.
    credential : optional
        A credential object of azure-identity.
    endpoint : str
        For other clouds, such as ``https://api.loganalytics.us``.
    additional_workspaces : sequence of str
        Asked together with the first.
    timeout_s : int
        How long the other side may work on a query; it allows 600 at most.
    """

    environment: ClassVar[str] = "Sentinel"
    language: ClassVar[str] = "kql"
    summary: ClassVar[str] = "Microsoft Sentinel and Log Analytics, asked in KQL"
    is_local: ClassVar[bool] = False

    def __init__(
        self,
        workspace_id: str | None = None,
        *,
        tenant_id: str | None = None,
        client_id: str | None = None,
        client_secret: str | None = None,
        auth: str = "default",
        token: str | None = None,
        credential: Any = None,
        endpoint: str = "https://api.loganalytics.io",
        additional_workspaces: Sequence[str] = (),
        timeout_s: int = 180,
    ) -> None:
        self.parallel = 4
        self._workspace_id = workspace_id
        self._login = {
            "tenant_id": tenant_id,
            "client_id": client_id,
            "client_secret": client_secret,
            "auth": auth,
            "token": token,
            "credential": credential,
        }
        self._endpoint = endpoint
        self._more = list(additional_workspaces)
        self._timeout_s = timeout_s
        self._client: Any = None

    def connect(self) -> None:
        """Make the client; Microsoft is asked with the first query.

        Raises
        ------
        MissingExtraError
            azure-monitor-query is not installed.
        QueryParameterError
            No workspace is named, or the endpoint is not safe.
        """
        if self._client is not None:
            return
        need_setting(self._workspace_id, "workspace_id", self.environment)
        endpoint = check_url(self._endpoint, self.environment)
        query = need("azure.monitor.query", EXTRA)
        self._client = query.LogsQueryClient(
            azure_login(**self._login, extra=EXTRA), endpoint=endpoint, retry_total=0, logging_enable=False
        )

    def run(self, request: Request) -> Answer:
        """Ask; a result that Microsoft calls partial is given with its warning.

        Raises
        ------
        QueryError
        """
        self.connect()
        errors = need("azure.core.exceptions", EXTRA)
        where = f"Sentinel {self._workspace_id}"
        timeout_s = int(request.options.get("timeout_s", self._timeout_s))
        try:
            found = self._client.query_workspace(
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
        from flowsleuth.query.languages.values import Rendered

        text = "search * | where TimeGenerated > ago(7d) | distinct $table | take 500"
        names = self.run(Request(Rendered(text, bound_text=text))).rows.column(0).to_pylist()
        found = {}
        for name in sorted(names):
            one = f"['{name}'] | getschema | project ColumnName, ColumnType"
            rows = self.run(Request(Rendered(one, bound_text=one))).rows.to_pylist()
            found[name] = {row["ColumnName"]: row["ColumnType"] for row in rows}
        return found

    def close(self) -> None:
        """Let the connection go."""
        if self._client is not None:
            self._client.close()
            self._client = None


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
