"""Kusto (Azure Data Explorer), by Microsoft's azure-kusto-data."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar

from flowsleuth.errors import QueryError
from flowsleuth.query.drivers.columns import typed_table
from flowsleuth.query.drivers.connections import azure_login, check_url, error_of, need, need_setting
from flowsleuth.query.drivers.contract import Answer, Request

EXTRA = "kusto"


class Kusto:
    """A Kusto cluster.

    Parameters
    ----------
    cluster : str
        Its URL, such as ``https://help.kusto.windows.net``.
    database : str, optional
        For queries that name none in their file (``args.database``, ``metadata.database``) or their call.
    tenant_id, client_id, client_secret, auth, token, credential : optional
        As for Sentinel.
    timeout_s : int
        How long the cluster may work on a query.
    """

    environment: ClassVar[str] = "Kusto"
    language: ClassVar[str] = "kql"
    summary: ClassVar[str] = "Kusto (Azure Data Explorer), asked in KQL"
    is_local: ClassVar[bool] = False

    def __init__(
        self,
        cluster: str | None = None,
        database: str | None = None,
        *,
        tenant_id: str | None = None,
        client_id: str | None = None,
        client_secret: str | None = None,
        auth: str = "default",
        token: str | None = None,
        credential: Any = None,
        timeout_s: int = 240,
    ) -> None:
        self.parallel = 4
        self._cluster = cluster
        self._database = database
        self._login = {
            "tenant_id": tenant_id,
            "client_id": client_id,
            "client_secret": client_secret,
            "auth": auth,
            "token": token,
            "credential": credential,
        }
        self._timeout_s = timeout_s
        self._client: Any = None

    def connect(self) -> None:
        """Make the client; the cluster is asked with the first query.

        Raises
        ------
        MissingExtraError
            azure-kusto-data is not installed.
        QueryParameterError
            No cluster is named, or its URL is not safe.
        """
        if self._client is not None:
            return
        url = check_url(need_setting(self._cluster, "cluster", self.environment), self.environment)
        data = need("azure.kusto.data", EXTRA)
        builder = data.KustoConnectionStringBuilder
        if self._login["token"]:
            made = builder.with_aad_user_token_authentication(url, self._login["token"])
        else:
            made = builder.with_azure_token_credential(url, azure_login(**self._login, extra=EXTRA))
        self._client = data.KustoClient(made)

    def run(self, request: Request) -> Answer:
        """Ask; an answer with an error among its rows is refused whole, one with warnings is given with them.

        Raises
        ------
        QueryError
        """
        self.connect()
        data = need("azure.kusto.data", EXTRA)
        errors = need("azure.kusto.data.exceptions", EXTRA)
        where = f"Kusto {self._cluster}"
        database = request.options.get("database") or request.query.args.get("database") or self._database
        properties = data.ClientRequestProperties()
        seconds = int(request.options.get("timeout_s", self._timeout_s))
        properties.set_option("servertimeout", dt.timedelta(seconds=seconds))
        try:
            named = need_setting(database, "database", self.environment)
            found = self._client.execute(named, request.query.text, properties)  # commands (".show …") too
        except errors.KustoThrottlingError as error:
            raise error_of(429, str(error), where, _header(error, "Retry-After")) from None
        except errors.KustoMultiApiError as error:
            raise QueryError("; ".join(map(str, error.args[:1])), where=where) from None
        except errors.KustoNetworkError:
            raise QueryError("cannot be reached", where=where) from None
        except errors.KustoServiceError as error:
            status = getattr(error.http_response, "status_code", None)
            raise error_of(status, _told(error), where, _header(error, "Retry-After")) from None
        except (TypeError, KeyError, ValueError, AttributeError, IndexError):
            raise QueryError("the answer is not a result", where=where) from None
        except errors.KustoError as error:
            raise error_of(401 if "Auth" in type(error).__name__ else None, str(error), where) from None
        return _answer(found)

    def tables(self) -> dict[str, dict[str, str]]:
        """Tables of the database with their columns."""
        from flowsleuth.query.languages.values import Rendered

        text = ".show database schema | where isnotempty(ColumnName) | project TableName, ColumnName, ColumnType"
        found: dict[str, dict[str, str]] = {}
        for row in self.run(Request(Rendered(text, bound_text=text))).rows.to_pylist():
            found.setdefault(row["TableName"], {})[row["ColumnName"]] = row["ColumnType"]
        return found

    def close(self) -> None:
        """Let the connection go."""
        if self._client is not None:
            self._client.close()
            self._client = None


def _header(error: Any, name: str) -> Any:
    response = getattr(error, "http_response", None)
    if response is None and len(error.args) > 1:  # a throttling error keeps it among its arguments only
        response = error.args[1]
    return getattr(response, "headers", {}).get(name)


def _told(error: Any) -> str:
    inner = getattr(error, "error", None)
    return str(getattr(inner, "description", None) or getattr(inner, "message", None) or error)


def _answer(found: Any) -> Answer:
    warnings = tuple(str(one)[:500] for one in found.get_exceptions()) if found.errors_count else ()
    if not found.primary_results:
        raise QueryError("; ".join(warnings) or "no table in the answer", where="Kusto")
    first = found.primary_results[0]
    names = [column.column_name for column in first.columns]
    types = [column.column_type for column in first.columns]
    rows = [row for row in first.raw_rows if isinstance(row, list)]
    return Answer(typed_table(names, types, rows), warnings)
