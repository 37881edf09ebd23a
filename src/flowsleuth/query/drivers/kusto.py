"""Kusto (Azure Data Explorer), by Microsoft's azure-kusto-data."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar, Unpack

from flowsleuth.errors import QueryError
from flowsleuth.query.drivers.azure_login import AzureLogin, LoginOptions
from flowsleuth.query.drivers.columns import typed_table
from flowsleuth.query.drivers.connections import check_url, error_of, need, need_setting
from flowsleuth.query.drivers.contract import Answer, Request
from flowsleuth.query.drivers.remote import RemoteDriver

EXTRA = "kusto"


class Kusto(RemoteDriver):
    """A Kusto cluster.

    Parameters
    ----------
    cluster : str
        Its URL, such as ``https://help.kusto.windows.net``.
    database : str, optional
        For queries that name none in their file (``args.database``, ``metadata.database``) or their call.
    timeout_s : int
        How long the cluster may work on a query.
    **login
        Keywords of :class:`~flowsleuth.query.drivers.azure_login.AzureLogin`.
    """

    environment: ClassVar[str] = "Kusto"
    language: ClassVar[str] = "kql"
    summary: ClassVar[str] = "Kusto (Azure Data Explorer), asked in KQL"
    extra: ClassVar[str] = EXTRA

    def __init__(
        self,
        cluster: str | None = None,
        database: str | None = None,
        *,
        timeout_s: int = 240,
        **login: Unpack[LoginOptions],
    ) -> None:
        super().__init__(parallel=4)
        self._cluster = cluster
        self._database = database
        self._login = AzureLogin(**login)
        self._timeout_s = timeout_s

    def _make(self) -> Any:
        url = check_url(need_setting(self._cluster, "cluster", self.environment), self.environment)
        data = need("azure.kusto.data", EXTRA)
        builder = data.KustoConnectionStringBuilder
        if self._login.token:
            return data.KustoClient(builder.with_aad_user_token_authentication(url, self._login.token))
        return data.KustoClient(builder.with_azure_token_credential(url, self._login.credential_for(EXTRA)))

    def run(self, request: Request) -> Answer:
        """Ask; an answer with an error among its rows is refused whole, one with warnings is given with them.

        Raises
        ------
        QueryError
        """
        client, data = self._client, need("azure.kusto.data", EXTRA)
        errors = need("azure.kusto.data.exceptions", EXTRA)
        where = f"Kusto {self._cluster}"
        database = request.options.get("database") or request.query.args.get("database") or self._database
        properties = data.ClientRequestProperties()
        seconds = int(request.options.get("timeout_s", self._timeout_s))
        properties.set_option("servertimeout", dt.timedelta(seconds=seconds))
        try:
            named = need_setting(database, "database", self.environment)
            found = client.execute(named, request.query.text, properties)  # commands (".show …") too
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
        text = ".show database schema | where isnotempty(ColumnName) | project TableName, ColumnName, ColumnType"
        found: dict[str, dict[str, str]] = {}
        for row in self._rows(text):
            found.setdefault(row["TableName"], {})[row["ColumnName"]] = row["ColumnType"]
        return found


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
