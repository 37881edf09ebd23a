"""The event tables beside ``flow``: ``dns``, ``http``, ``tls``, ``alert``."""

from flowsleuth.schema.columns import NEVER, Column, Table, endpoints, provenance

_ID = Column("event_id", "int64", "stable: the same file content and row give the same id", null=NEVER)

DNS = Table(
    name="dns",
    meaning="one row per DNS transaction or message",
    columns=(
        _ID,
        *endpoints(),
        Column("query", "string", "name asked for, as seen"),
        Column("qtype", "string", "query type keyword (A, AAAA, TXT, …)"),
        Column("qclass", "string", "query class (IN, …)"),
        Column("rcode", "string", "response code keyword (NOERROR, NXDOMAIN, …)", null="no answer seen"),
        Column("answers", "string", "answers, as a JSON list of text", null="no answer seen"),
        Column("ttls_s", "string", "time to live of each answer, as a JSON list of numbers", "seconds"),
        Column("rtt_s", "float64", "answer time minus question time", "seconds"),
        Column("trans_id", "int64", "DNS transaction id"),
        Column("is_rejected", "bool", "the server refused the question"),
        *provenance(),
    ),
)

HTTP = Table(
    name="http",
    meaning="one row per HTTP request",
    columns=(
        _ID,
        *endpoints(),
        Column("method", "string", "request method"),
        Column("host", "string", "Host header"),
        Column("uri", "string", "request target, as seen"),
        Column("referrer", "string", "Referer header"),
        Column("user_agent", "string", "User-Agent header"),
        Column("version", "string", "HTTP version"),
        Column("status", "int32", "status code of the answer"),
        Column("request_bytes", "int64", "body length of the request", "bytes"),
        Column("response_bytes", "int64", "body length of the answer", "bytes"),
        Column("request_mime", "string", "media types of the request body"),
        Column("response_mime", "string", "media types of the answer's body"),
        Column("user", "string", "user name of basic authentication"),
        *provenance(),
    ),
)

TLS = Table(
    name="tls",
    meaning="one row per TLS handshake",
    columns=(
        _ID,
        *endpoints(),
        Column("version", "string", "protocol version as the source writes it"),
        Column("cipher", "string", "cipher suite"),
        Column("server_name", "string", "SNI of the client"),
        Column("subject", "string", "subject of the server's certificate"),
        Column("issuer", "string", "issuer of the server's certificate"),
        Column("fingerprint", "string", "fingerprint of the server's certificate"),
        Column("ja3", "string", "JA3 of the client"),
        Column("ja3s", "string", "JA3S of the server"),
        Column("ja4", "string", "JA4 of the client"),
        Column("alpn", "string", "next protocol agreed on"),
        Column("is_resumed", "bool", "the session was resumed"),
        Column("is_established", "bool", "the handshake ended well"),
        Column("validation", "string", "result of the certificate check"),
        *provenance(),
    ),
)

ALERT = Table(
    name="alert",
    meaning="one row per alert of another system",
    columns=(
        _ID,
        *endpoints(),
        Column("name", "string", "what the alert is called (signature text)"),
        Column("signature_id", "int64", "the source's number of the rule"),
        Column("category", "string", "the source's class of the rule"),
        Column("severity", "int32", "1 high, 2 medium, 3 low; larger is lower"),
        Column("action", "string", "allowed or denied"),
        Column("service", "string", "application protocol, lower case"),
        Column("end", "timestamp", "when it was seen last", "UTC"),
        Column("alert_id", "string", "the source's own id of the alert"),
        Column("provider", "string", "product or detector that raised it"),
        Column("description", "string", "what it means, in the source's words"),
        Column("host", "string", "the host it is about, as the source writes it"),
        Column("tactics", "string", "ATT&CK tactics, as the source writes them"),
        Column("entities", "string", "what it is about (accounts, hosts, addresses, …), as the source's JSON, whole"),
        *provenance(),
    ),
)
