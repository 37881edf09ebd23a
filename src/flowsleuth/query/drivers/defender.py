"""Microsoft Defender XDR: advanced hunting by the documented REST interface of Microsoft Graph.

There is no small official client for it (msgraph-sdk is a hundred packages' worth of models for one call), so the call
is made with httpx: https://learn.microsoft.com/graph/api/security-security-runhuntingquery. azure-identity logs in.
"""

from __future__ import annotations

import threading
from typing import Any, ClassVar, Unpack

from flowsleuth.errors import QueryError
from flowsleuth.query.drivers.azure_login import AzureLogin, LoginOptions
from flowsleuth.query.drivers.columns import typed_table
from flowsleuth.query.drivers.connections import check_url, error_of, need
from flowsleuth.query.drivers.contract import Answer, Request
from flowsleuth.query.drivers.remote import RemoteDriver

EXTRA = "defender"
MOST_ROWS = 100_000
"""What a hunting query gives at most; see https://learn.microsoft.com/defender-xdr/advanced-hunting-limits."""


class DefenderXDR(RemoteDriver):
    """Advanced hunting of a tenant.

    Parameters
    ----------
    endpoint : str
        For other clouds, such as ``https://graph.microsoft.us``.
    timeout_s : float
        How long to wait for an answer; the other side stops after 180 s or so.
    **login
        Keywords of :class:`~flowsleuth.query.drivers.azure_login.AzureLogin`.
    """

    environment: ClassVar[str] = "DefenderXDR"
    language: ClassVar[str] = "kql"
    summary: ClassVar[str] = "Microsoft Defender XDR advanced hunting, asked in KQL"
    extra: ClassVar[str] = EXTRA

    def __init__(
        self,
        *,
        endpoint: str = "https://graph.microsoft.com",
        timeout_s: float = 200,
        **login: Unpack[LoginOptions],
    ) -> None:
        super().__init__(parallel=2)
        self._login = AzureLogin(**login)
        self._endpoint = endpoint
        self._timeout_s = timeout_s
        self._credential: Any = None
        self._lock = threading.Lock()

    def _make(self) -> Any:
        httpx = need("httpx", EXTRA)
        base = check_url(self._endpoint, self.environment)
        self._credential = self._login.credential_for(EXTRA)
        return httpx.Client(base_url=base, timeout=self._timeout_s, follow_redirects=False)

    def run(self, request: Request) -> Answer:
        """Ask; an answer of as many rows as are ever given says that it may be cut off.

        Raises
        ------
        QueryError
        """
        client, httpx = self._client, need("httpx", EXTRA)
        where = "Defender XDR"
        body: dict[str, str] = {"Query": request.query.text}
        if request.sends_window and request.start and request.end:
            body["Timespan"] = f"{request.start.isoformat()}/{request.end.isoformat()}"
        try:
            got = client.post(
                "/v1.0/security/runHuntingQuery",
                json=body,
                headers={"Authorization": f"Bearer {self._token()}"},
                timeout=float(request.options.get("timeout_s", self._timeout_s)),
            )
        except httpx.HTTPError as error:
            raise QueryError(f"cannot be reached: {type(error).__name__}: {error}", where=where) from None
        if got.status_code != httpx.codes.OK:
            raise error_of(got.status_code, _told(got), where, got.headers.get("Retry-After"))
        return _answer(got, where)

    def _token(self) -> str:
        with self._lock:
            try:
                scope = f"{self._endpoint.rstrip('/')}/.default"
                return str(self._credential.get_token(scope).token)
            except Exception as error:
                raise error_of(401, str(error).partition("\n")[0], "Defender XDR login") from None

    def tables(self) -> dict[str, dict[str, str]]:
        """The other side does not tell."""
        return {}


def _told(got: Any) -> str:
    try:
        error = got.json()["error"]
        return f"{error.get('code', '')}: {error.get('message', '')}".strip(": ")
    except (ValueError, KeyError, TypeError, AttributeError):
        return f"status {got.status_code}"


def _answer(got: Any, where: str) -> Answer:
    try:
        body = got.json()
        schema = body.get("schema") or body["Schema"]
        rows = body["results"] if "results" in body else body["Results"]
        names = [column.get("name") or column["Name"] for column in schema]
        types = [column.get("type") or column["Type"] for column in schema]
        table = typed_table(names, types, [[row.get(name) for name in names] for row in rows])
    except (ValueError, KeyError, TypeError, AttributeError):
        raise QueryError("the answer is not a hunting result", where=where) from None
    cut = len(rows) >= MOST_ROWS
    return Answer(table, (f"cut off at {MOST_ROWS:,} rows",) if cut else ())
