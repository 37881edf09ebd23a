"""Table ``fact``: what is known of addresses and names, from whom, as of when. Flows join it; nothing is baked in."""

from flowsleuth.schema.columns import NEVER, Column, Table

FACT = Table(
    name="fact",
    meaning="one row per fact about an address or a name",
    time_column=None,
    id_column=None,
    columns=(
        Column("observable", "string", "the address (canonical text) or name (lower case)", null=NEVER),
        Column("observable_type", "string", "ip, domain, url or hash", null=NEVER),
        Column(
            "fact",
            "string",
            "address_type, country_code, country, region, city, lat, lon, owner, domain, operator, asn, as_name, "
            "anonymity, network, list, ptr, whois_…",
            null=NEVER,
        ),
        Column("value", "string", "what it is, as text; one row each where there are several (list, ptr)", null=NEVER),
        Column("source", "string", "who says so: a file, a list, a service", null=NEVER),
        Column("as_of", "timestamp", "when the source said so, or was made", "UTC", "the source does not say"),
        Column("detail", "string", "more of what it says, as a JSON object", null="nothing more"),
    ),
)
