"""Threat intelligence: the stored table ``indicator``, and what look-ups and matches answer with."""

from flowsleuth.schema.columns import NEVER, Column, Table

UNTOLD = "the feed does not say"
_TYPE = Column("indicator_type", "string", "ipv4, ipv6, cidr, domain, url, md5, sha1, sha256", null=NEVER)
_SEVERITY = Column("severity", "string", "unknown, information, warning, high", null=NEVER)
_THREAT = Column("threat", "string", "malware, campaign or kind of threat", null=UNTOLD)
_DESCRIPTION = Column("description", "string", "the feed's words", null=UNTOLD)
_VALID_UNTIL = Column("valid_until", "timestamp", "when it ends to hold", "UTC", UNTOLD)
_REFERENCE = Column("reference", "string", "a page or id of the feed about it", null=UNTOLD)
"""What an indicator says; stored, and told with every match."""

INDICATOR = Table(
    name="indicator",
    meaning="one row per indicator of a local feed",
    time_column=None,
    id_column=None,
    columns=(
        Column("feed", "string", "the feed's name", null=NEVER),
        Column("indicator", "string", "canonical: address, CIDR, domain, URL or hash", null=NEVER),
        _TYPE,
        Column("is_exact", "bool", "a domain is meant without its subdomains", null=NEVER),
        _SEVERITY,
        Column("confidence", "float64", "the feed's own, 0 to 100", "percent", UNTOLD),
        _THREAT,
        _DESCRIPTION,
        Column("tags", "string", "the feed's tags, as a JSON list of text", null=UNTOLD),
        Column("valid_from", "timestamp", "when it was seen first, or begins to hold", "UTC", UNTOLD),
        _VALID_UNTIL,
        _REFERENCE,
        Column("mentions", "int64", "rows of the feed that name it", null=NEVER),
        Column("feed_format", "string", "how the feed was read", null=NEVER),
        Column("feed_url", "string", "where the feed can be fetched again", null="it was a file only"),
        Column("as_of", "timestamp", "when the feed was added or updated", "UTC", NEVER),
        Column("source_file", "string", "the file, as it was given", null=NEVER),
        Column("source_row", "int64", "1-based line, or number of the object in the file", null=NEVER),
    ),
)

LOOKUP = Table(
    name="lookup",
    meaning="one row per observable and service (or local feed that has it); column names are msticpy's",
    time_column=None,
    id_column=None,
    columns=(
        Column("Ioc", "string", "the observable as it was given", null=NEVER),
        Column("IocType", "string", "ipv4, ipv6, domain, url, md5, sha1, sha256", null="not recognised"),
        Column(
            "SafeIoc", "string", "as it is sent: canonical, refanged, URLs without credentials", null="not recognised"
        ),
        Column("QuerySubtype", "string", "which of a service's questions", null="the only one"),
        Column("Provider", "string", "the service, or the local feed", null="refused before any was asked"),
        Column("Result", "bool", "it knows something about the observable", null=NEVER),
        Column("Severity", "string", "unknown, information, warning, high", null=NEVER),
        Column(
            "Details", "string", "what matters of the answer, or the reason there is none, as a JSON object", null=NEVER
        ),
        Column("RawResult", "string", "the answer as it came; keys hidden", null="no answer"),
        Column("Reference", "string", "a page for people", null="none"),
        Column(
            "Status",
            "int32",
            "0 answered, 1 type not supported, 2 refused, 3 failed, 4 nothing known, 5 not asked, 10 other; 100 and "
            "more are HTTP codes",
            null=NEVER,
        ),
        Column("as_of", "timestamp", "when it was asked", "UTC", "not asked"),
        Column("from_cache", "bool", "it was kept from an earlier look-up", null=NEVER),
    ),
)

MATCH = Table(
    name="intel_match",
    meaning="one row per stored row, column and indicator that meet",
    time_column="start",
    id_column=None,
    columns=(
        Column("row_id", "int64", "flow_id or event_id of the row", null=NEVER),
        Column("start", "timestamp", "the row's time", "UTC", "the table has none"),
        Column("column", "string", "where it was found", null=NEVER),
        Column("value", "string", "what stands there", null=NEVER),
        Column("indicator", "string", "what it meets", null=NEVER),
        _TYPE,
        Column("feed", "string", "the feed", null=NEVER),
        _SEVERITY,
        _THREAT,
        _DESCRIPTION,
        Column("valid_from", "timestamp", "when the indicator begins to hold", "UTC", UNTOLD),
        _VALID_UNTIL,
        _REFERENCE,
    ),
)

MATCHED_VALUE = Table(
    name="intel_matched_value",
    meaning="one row per value, column and indicator that meet, with how often",
    time_column="first_seen",
    id_column=None,
    columns=(
        Column("rows", "int64", "rows that have it there", null=NEVER),
        Column("first_seen", "timestamp", "time of the earliest of them", "UTC", "the table has none"),
        Column("last_seen", "timestamp", "time of the latest", "UTC", "the table has none"),
        Column("row_id", "int64", "one of them", null=NEVER),
        *MATCH.columns[2:],
    ),
)
