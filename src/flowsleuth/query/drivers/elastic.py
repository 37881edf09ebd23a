"""Elasticsearch and OpenSearch, by their own Python clients, through the search interface both have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar
from urllib.parse import quote

from flowsleuth.errors import QueryError
from flowsleuth.query.drivers.columns import table_of_objects
from flowsleuth.query.drivers.connections import check_url, error_of, need, need_setting
from flowsleuth.query.drivers.contract import Answer, Request
from flowsleuth.query.drivers.remote import RemoteDriver

PAGE = 5_000
SCROLL = "2m"
MOST_ROWS = 1_000_000
_TIMES = ("@timestamp", "event.start", "event.end", "event.created", "event.ingested", "timestamp")


class Elastic(RemoteDriver):
    """An Elasticsearch cluster.

    Parameters
    ----------
    url : str or sequence of str
    index : str
        For queries that name none in their file (``args.index``) or their call.
    api_key, username, password, bearer_token : str, optional
    ca_certs : path, optional
        Certificates to trust.
    verify : bool
        Whether certificates are checked.
    timeout_s : float
        How long to wait for a page.
    """

    environment: ClassVar[str] = "Elastic"
    language: ClassVar[str] = "elastic"
    summary: ClassVar[str] = "Elasticsearch, asked in its JSON or in Lucene"
    extra: ClassVar[str] = "elastic"

    def __init__(
        self,
        url: str | Sequence[str] | None = None,
        index: str = "logs-*",
        *,
        api_key: str | None = None,
        username: str | None = None,
        password: str | None = None,
        bearer_token: str | None = None,
        ca_certs: str | None = None,
        verify: bool = True,
        timeout_s: float = 120,
    ) -> None:
        super().__init__(parallel=4)
        self._urls = [url] if isinstance(url, str) else list(url or ())
        self._index = index
        self._api_key = api_key
        self._user = (username, password) if username else None
        self._bearer = bearer_token
        self._ca_certs = ca_certs
        self._verify = verify
        self._timeout_s = timeout_s

    @property
    def _where(self) -> str:
        return f"{type(self).__name__} {', '.join(self._urls)}"

    def _checked_urls(self) -> list[str]:
        need_setting(self._urls, "url", type(self).__name__)
        if not (self._api_key or self._user or self._bearer):
            return [url.rstrip("/") for url in self._urls]
        return [check_url(url, type(self).__name__) for url in self._urls]

    def _make(self) -> Any:
        urls, module = self._checked_urls(), need("elasticsearch", self.extra)
        options: dict[str, Any] = {"max_retries": 0, "retry_on_status": (), "request_timeout": self._timeout_s}
        if urls[0].startswith("https"):
            options["verify_certs"] = self._verify
            if self._ca_certs:
                options["ca_certs"] = self._ca_certs
        logins = {"api_key": self._api_key, "basic_auth": self._user, "bearer_auth": self._bearer}
        given = {name: value for name, value in logins.items() if value}
        return module.Elasticsearch(urls, **options, **given)

    def _send(self, method: str, path: str, params: Mapping[str, str], body: Any) -> Any:
        errors = need("elasticsearch", self.extra)
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        try:
            got = self._client.perform_request(method, path, params=dict(params), headers=headers, body=body)
        except errors.ApiError as error:
            told, wait = _told(error.body) or str(error), error.meta.headers.get("retry-after")
            raise error_of(error.status_code, told, self._where, wait) from None
        except errors.TransportError as error:
            raise QueryError(f"cannot be reached: {error.message}", where=self._where) from None
        return got.body

    def run(self, request: Request) -> Answer:
        """Ask, page by page; shards that failed and results that were cut off are warnings.

        Raises
        ------
        QueryError
        """
        document = dict(request.query.document or {})
        index = request.options.get("index") or request.query.args.get("index") or self._index
        asked = int(document.pop("size", MOST_ROWS))
        most = int(request.options.get("size") or asked or MOST_ROWS)  # a scroll takes no size of 0
        if "aggs" in document or "aggregations" in document:
            return _aggregated(self._send("POST", _path(index), {}, {"size": 0} | document), self._where)
        rows: list[dict[str, Any]] = []
        warnings: list[str] = []
        for page in self._pages(_path(index), document, min(PAGE, most)):
            warnings += [one for one in _missing(page) if one not in warnings]
            hits = page["hits"]["hits"]
            rows += [_row(hit) for hit in hits[: most - len(rows)]]
            if len(rows) >= most:
                total = page["hits"].get("total", {})
                count = total.get("value", 0) if isinstance(total, dict) else total
                if most == MOST_ROWS and count > most:
                    warnings.append(f"cut off at {most:,} rows of {count:,}")
                break
        return Answer(table_of_objects(rows, _TIMES), tuple(warnings))

    def _pages(self, path: str, document: Mapping[str, Any], size: int) -> Iterator[dict[str, Any]]:
        page = self._send("POST", path, {"scroll": SCROLL}, {"size": size, "track_total_hits": True, **document})
        scroll_id = None
        try:
            while True:
                if not isinstance(page, dict) or "hits" not in page:
                    raise QueryError("the answer is not a search result", where=self._where)
                scroll_id = page.get("_scroll_id") or scroll_id
                yield page
                if len(page["hits"]["hits"]) < size or not scroll_id:
                    return
                page = self._send("POST", "/_search/scroll", {}, {"scroll": SCROLL, "scroll_id": scroll_id})
        finally:
            if scroll_id:
                self._let_go(scroll_id)

    def _let_go(self, scroll_id: str) -> None:
        """A scroll that stays open ends by itself in two minutes: no reason to fail."""
        try:
            self._send("DELETE", "/_search/scroll", {}, {"scroll_id": [scroll_id]})
        except QueryError:
            return

    def tables(self) -> dict[str, dict[str, str]]:
        """Fields of the default index, by index."""
        found = self._send("GET", f"/{_quoted(self._index)}/_mapping", {}, None)
        return {index: dict(_fields(one.get("mappings", {}))) for index, one in found.items()}


class OpenSearch(Elastic):
    """An OpenSearch cluster; parameters as for :class:`Elastic`, without ``api_key`` and ``bearer_token``."""

    summary: ClassVar[str] = "OpenSearch, asked in its JSON or in Lucene"
    extra: ClassVar[str] = "opensearch"

    def _make(self) -> Any:
        urls, module = self._checked_urls(), need("opensearchpy", self.extra)
        options: dict[str, Any] = {"max_retries": 0, "timeout": self._timeout_s, "verify_certs": self._verify}
        if self._user:
            options["http_auth"] = self._user
        if self._ca_certs:
            options["ca_certs"] = self._ca_certs
        return module.OpenSearch(urls, **options)

    def _send(self, method: str, path: str, params: Mapping[str, str], body: Any) -> Any:
        errors = need("opensearchpy.exceptions", self.extra)
        try:
            return self._client.transport.perform_request(method, path, params=dict(params), body=body)
        except errors.ConnectionError as error:
            raise QueryError(f"cannot be reached: {error.error}", where=self._where) from None
        except errors.TransportError as error:
            told = _told(error.info) or str(error.error)
            raise error_of(error.status_code, told, self._where) from None
        except errors.SerializationError:
            raise QueryError("the answer is not JSON", where=self._where) from None


def _quoted(index: Any) -> str:
    text = ",".join(map(str, index)) if isinstance(index, list | tuple) else str(index)
    return quote(text, safe=",*")


def _path(index: Any) -> str:
    return f"/{_quoted(index)}/_search"


def _told(body: Any) -> str:
    """The reason, and the innermost cause, of an error's body."""
    error = body.get("error") if isinstance(body, Mapping) else None
    if not isinstance(error, Mapping):
        return str(error or "")
    causes = [one.get("reason") for one in error.get("root_cause") or () if isinstance(one, Mapping)]
    reasons = [error.get("type"), error.get("reason"), *causes]
    return ": ".join(dict.fromkeys(str(one) for one in reasons if one))


def _missing(page: Mapping[str, Any]) -> list[str]:
    """What the cluster says is missing from an answer."""
    found = ["the cluster ran out of time"] if page.get("timed_out") else []
    shards = page.get("_shards") or {}
    if shards.get("failed"):
        failures = shards.get("failures") or [{}]
        reason = (failures[0].get("reason") or {}).get("reason", "")
        found.append(f"{shards['failed']} of {shards.get('total', '?')} shards failed: {reason}".rstrip(": "))
    return found


def _row(hit: Mapping[str, Any]) -> dict[str, Any]:
    fields = {name: value[0] if len(value) == 1 else value for name, value in (hit.get("fields") or {}).items()}
    return {"_index": hit.get("_index"), "_id": hit.get("_id"), **(hit.get("_source") or {}), **fields}


def _aggregated(page: Any, where: str) -> Answer:
    """Rows of the buckets of the first aggregation, with the single values of those within."""
    found = page.get("aggregations") if isinstance(page, Mapping) else None
    if not isinstance(found, Mapping):
        raise QueryError("the answer has no aggregation", where=where)
    name, first = next(iter(found.items()))
    buckets = first.get("buckets")
    if not isinstance(buckets, list):
        return Answer(table_of_objects([{key: one.get("value") for key, one in found.items()}]), tuple(_missing(page)))
    rows = [{name: one.get("key"), "doc_count": one.get("doc_count"), **_values(one)} for one in buckets]
    warnings = _missing(page)
    if first.get("sum_other_doc_count"):
        warnings.append(f"{first['sum_other_doc_count']:,} documents are in buckets that were cut off")
    return Answer(table_of_objects(rows), tuple(warnings))


def _values(bucket: Mapping[str, Any]) -> dict[str, Any]:
    inner = {key: one for key, one in bucket.items() if isinstance(one, Mapping) and "value" in one}
    return {key: one.get("value_as_string", one["value"]) for key, one in inner.items()}


def _fields(mapping: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    for name, one in (mapping.get("properties") or {}).items():
        if "properties" in one:
            yield from _fields(one, f"{above}{name}.")
        else:
            yield f"{above}{name}", str(one.get("type", ""))
