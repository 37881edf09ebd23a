"""Small local servers that answer as the documentation of other systems shows, with faults on demand."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

FLOWS = [
    ["2024-05-01T00:00:00.1234567Z", "10.0.0.5", 443, 12.5, True, ["a", "b"]],
    ["2024-05-01T12:00:00Z", "10.0.0.5", None, None, None, None],
    ["2024-05-02T00:00:00Z", "10.0.0.6", 53, 1.0, False, {"k": 1}],
]
COLUMNS = [
    ("TimeGenerated", "datetime"),
    ("SrcIp", "string"),
    ("DestPort", "long"),
    ("Seconds", "real"),
    ("Allowed", "bool"),
    ("Tags", "dynamic"),
]


@dataclass
class Asked:
    """One request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Fault:
    """An answer instead of the right one, so many times."""

    status: int
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    times: int = 1
    when: Callable[[Asked], bool] = lambda asked: True


class Server:
    """Runs an ``answer`` function, after faults that wait for it; remembers who asked what."""

    def __init__(self, answer: Callable[[Asked], tuple[int, dict[str, str], bytes]]) -> None:
        self.asked: list[Asked] = []
        self.faults: list[Fault] = []
        self.url = ""
        self._answer = answer
        self._lock = threading.Lock()

    def answer(self, asked: Asked) -> tuple[int, dict[str, str], bytes]:
        with self._lock:
            self.asked.append(asked)
            for fault in self.faults:
                if fault.times > 0 and fault.when(asked):
                    fault.times -= 1
                    return fault.status, {"Connection": "Keep-Alive", **fault.headers}, fault.body
        return self._answer(asked)


@contextmanager
def serving(answer: Callable[[Asked], tuple[int, dict[str, str], bytes]]) -> Iterator[Server]:
    """Serve on a free port of loopback."""
    server = Server(answer)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, headers, content = server.answer(
                Asked(self.command, self.path, {key.lower(): value for key, value in self.headers.items()}, body)
            )
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", **headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_DELETE = do_HEAD = _any

        def log_message(self, *_: Any) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        thread = threading.Thread(target=http.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        server.url = f"http://127.0.0.1:{http.server_port}"
        try:
            yield server
        finally:
            http.shutdown()
            thread.join()


def _dump(value: Any) -> bytes:
    return json.dumps(value).encode()


def in_window(query: str, rows: list[list[Any]]) -> list[list[Any]]:
    """The rows that a KQL text's half-open window keeps, as the other side would."""
    found = re.search(r">= datetime\((\S+?)Z\) and \w+ < datetime\((\S+?)Z\)", query)
    if not found:
        return rows
    return [row for row in rows if found[1] <= row[0].rstrip("Z").ljust(26, "0") < found[2]]


def log_analytics(asked: Asked) -> tuple[int, dict[str, str], bytes]:
    """https://learn.microsoft.com/azure/azure-monitor/logs/api/response-format"""
    columns = [{"name": name, "type": kind} for name, kind in COLUMNS]
    rows = in_window(asked.json()["query"], FLOWS)
    rows = [[*row[:5], None if row[5] is None else json.dumps(row[5])] for row in rows]
    return 200, {}, _dump({"tables": [{"name": "PrimaryResult", "columns": columns, "rows": rows}]})


def hunting(asked: Asked) -> tuple[int, dict[str, str], bytes]:
    """https://learn.microsoft.com/graph/api/security-security-runhuntingquery"""
    kinds = {"datetime": "DateTime", "string": "String", "long": "Int64", "real": "Double", "bool": "SByte"}
    schema = [{"name": name, "type": kinds.get(kind, "Object")} for name, kind in COLUMNS]
    rows = [
        dict(zip([name for name, _ in COLUMNS], row, strict=True)) for row in in_window(asked.json()["Query"], FLOWS)
    ]
    return 200, {}, _dump({"@odata.context": "x", "schema": schema, "results": rows})


def kusto(asked: Asked, errors: bool = False) -> tuple[int, dict[str, str], bytes]:
    """https://learn.microsoft.com/kusto/api/rest/response-v2"""

    def table(number: int, kind: str, columns: list[Any], rows: list[Any]) -> dict[str, Any]:
        named = [{"ColumnName": name, "ColumnType": type_} for name, type_ in columns]
        return {
            "FrameType": "DataTable", "TableId": number, "TableKind": kind, "TableName": kind,
            "Columns": named, "Rows": rows,
        }  # fmt: skip

    rows: list[Any] = in_window(asked.json()["csl"], FLOWS)
    if errors:
        told = {"code": "LimitsExceeded", "message": "too much", "@message": "too much", "@permanent": False}
        rows = [*rows[:1], {"OneApiErrors": [{"error": told}]}]
    status = [["2024-05-01T00:00:00Z", 4, json.dumps({"Text": "ok"}), 4]]
    frames = [
        {"FrameType": "DataSetHeader", "IsProgressive": False, "Version": "v2.0"},
        table(0, "PrimaryResult", COLUMNS, rows),
        table(1, "QueryCompletionInformation",
              [("Timestamp", "datetime"), ("Level", "int"), ("Payload", "string"), ("EventType", "int")], status),
        {"FrameType": "DataSetCompletion", "HasErrors": errors, "Cancelled": False},
    ]  # fmt: skip
    return 200, {}, _dump(frames)


SPLUNK_INFO = b"""<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom" xmlns:s="http://dev.splunk.com/ns/rest">
<entry><title>server-info</title><content type="text/xml"><s:dict><s:key name="version">9.2.1</s:key>
<s:key name="instance_type">download</s:key></s:dict></content></entry></feed>"""


def splunk(asked: Asked) -> tuple[int, dict[str, str], bytes]:
    """https://docs.splunk.com/Documentation/Splunk/latest/RESTREF/RESTsearch"""
    xml = {"Content-Type": "text/xml", "Connection": "Keep-Alive"}
    if asked.path.startswith("/services/auth/login"):
        if b"password=right" not in asked.body:
            return 401, xml, b'<response><messages><msg type="WARN">Login failed</msg></messages></response>'
        return 200, xml, b"<response><sessionKey>abc</sessionKey></response>"
    if "export" not in asked.path:
        return 200, xml, SPLUNK_INFO
    lines = [
        {"preview": True, "offset": 0, "result": {"_time": "early", "src_ip": "preview"}},
        {"preview": False, "offset": 0, "result": {"_time": "2024-05-01T02:00:00.000+02:00", "src_ip": "10.0.0.5"}},
        {"preview": False, "offset": 1, "lastrow": True,
         "result": {"_time": "2024-05-01T12:00:00.000+00:00", "src_ip": "10.0.0.5", "tag": ["network", "communicate"]}},
    ]  # fmt: skip
    return 200, {"Connection": "Keep-Alive"}, b"\n".join(map(_dump, lines)) + b"\n"


class Elasticsearch:
    """Search with scroll: https://www.elastic.co/guide/en/elasticsearch/reference/current/paginate-search-results.html"""

    def __init__(self, rows: int = 7, failed_shards: int = 0) -> None:
        self.rows, self.failed = rows, failed_shards
        self.open: set[str] = set()

    def __call__(self, asked: Asked) -> tuple[int, dict[str, str], bytes]:
        headers = {"X-Elastic-Product": "Elasticsearch"}
        body = json.loads(asked.body or b"{}")
        if asked.method == "DELETE":
            self.open -= set(body["scroll_id"])
            return 200, headers, _dump({"succeeded": True, "num_freed": 1})
        if asked.path.startswith("/_search/scroll"):
            size, start = map(int, body["scroll_id"].split("-")[1:])
        else:
            size, start = body.get("size", 10), 0
            if "aggs" in body:
                return 200, headers, _dump(self._buckets())
        scroll_id = f"s-{size}-{start + size}"
        self.open.add(scroll_id)
        hits = [self._hit(number) for number in range(start, min(start + size, self.rows))]
        shards: dict[str, Any] = {"total": 5, "successful": 5 - self.failed, "skipped": 0, "failed": self.failed}
        if self.failed:
            shards["failures"] = [{"shard": 0, "reason": {"type": "x", "reason": "node left"}}]
        page = {
            "_scroll_id": scroll_id,
            "timed_out": False,
            "_shards": shards,
            "hits": {"total": {"value": self.rows, "relation": "eq"}, "hits": hits},
        }
        return 200, headers, _dump(page)

    def _hit(self, number: int) -> dict[str, Any]:
        source = {"@timestamp": f"2024-05-01T00:00:0{number}.000Z", "source": {"ip": "10.0.0.5", "bytes": number}}
        return {"_index": "logs-1", "_id": str(number), "_source": source}

    def _buckets(self) -> dict[str, Any]:
        buckets = [{"key": "192.0.2.7", "doc_count": 3, "source.bytes": {"value": 12.0}}]
        found = {"destination.ip": {"sum_other_doc_count": 0, "buckets": buckets}}
        return {"timed_out": False, "_shards": {"failed": 0}, "hits": {"hits": []}, "aggregations": found}
