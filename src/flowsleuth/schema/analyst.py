"""What people decide and write, kept in the analyst database: ratings, rules, stories, accounts, the audit trail."""

from __future__ import annotations

from dataclasses import dataclass

from flowsleuth.schema.columns import NEVER, Column, Table

FILE_NAME = "analyst.db"
"""Where they are kept in a workspace, unless its settings name a server."""


@dataclass(frozen=True)
class CaseTable(Table):
    """A table of the analyst database.

    A whole-number ``id_column`` is given by the database; a text one is the row's own key.

    Attributes
    ----------
    indexes : tuple of tuple of str
        Columns that rows are looked up by.
    is_append_only : bool
        Rows are never changed or deleted.
    is_disposable : bool
        Rows may be deleted; all others stay for good.
    """

    indexes: tuple[tuple[str, ...], ...] = ()
    is_append_only: bool = False
    is_disposable: bool = False


def _made(what: str = "when it was made") -> Column:
    return Column("made", "timestamp", what, "UTC", NEVER)


RATING = CaseTable(
    name="rating",
    meaning="one row per act of rating",
    time_column=None,
    id_column="rating_id",
    columns=(
        Column("rating_id", "int64", "given by the database, rising", null=NEVER),
        _made(),
        Column("analyst", "string", "who rated", null=NEVER),
        Column("severity", "int32", "1 high, 2 medium, 3 low", null=NEVER),
        Column("origin", "string", "selection, criteria, address, rule, import", null=NEVER),
        Column("criteria", "json", "what was asked for", null=NEVER),
        Column("detector", "string", "whose queue it was made on"),
        Column("dates", "json", "the days it is about", null="all days there were"),
        Column("comment", "string", "why"),
        Column("rule_id", "int64", "the rule that made it", null="a person did"),
        Column("suspects", "int64", "suspects it matched, wholly or in part", null=NEVER),
        Column("flows", "int64", "flows it matched", "flows", NEVER),
        Column("undone", "timestamp", "when it was taken back", "UTC", "it holds"),
        Column("undone_by", "string", "who took it back", null="it holds"),
        Column("reset_id", "int64", "the reset of a day that took it back", null="none did"),
    ),
    indexes=(("rule_id",), ("reset_id",)),
)

LABEL = CaseTable(
    name="label",
    meaning="one row per suspect (or single flow) that a rating matched, with what the ranking learns from",
    time_column=None,
    id_column="label_id",
    columns=(
        Column(
            "label_id", "int64", "given by the database, rising: of two for the same, the later one holds", null=NEVER
        ),
        Column("rating_id", "int64", "the act it belongs to", null=NEVER),
        _made(),
        Column("severity", "int32", "1 high, 2 medium, 3 low", null=NEVER),
        Column("detector", "string", "whose suspect it is", null=NEVER),
        Column("date", "string", "UTC day of the suspect, YYYY-MM-DD", null=NEVER),
        Column("suspect_id", "int64", "the group of near-identical flows", null=NEVER),
        Column("flow_id", "int64", "the one flow of it that is meant", null="all of its flows"),
        Column("flows", "int64", "how many flows that is", "flows", NEVER),
        Column("start", "timestamp", "first of these flows", "UTC"),
        Column("src_ip", "string", "canonical text", null="differs within the suspect"),
        Column("dst_ip", "string", "canonical text", null="differs within the suspect"),
        Column("src_port", "int32", "port of src", null="none, or differs"),
        Column("dst_port", "int32", "port of dst", null="none, or differs"),
        Column("proto", "string", "IANA transport keyword"),
        Column("service_port", "int32", "the port of the end that has the service", null="none, or differs"),
        Column("server_name", "string", "TLS SNI or HTTP host", null="none, or differs"),
        Column("src_bytes", "int64", "sent by src, of the strongest flow", "bytes"),
        Column("dst_bytes", "int64", "sent by dst, of the strongest flow", "bytes"),
        Column("src_packets", "int64", "sent by src, of the strongest flow", "packets"),
        Column("dst_packets", "int64", "sent by dst, of the strongest flow", "packets"),
        Column("score", "float64", "the detector's, when it was rated"),
        Column("surprise", "float64", "the detector's, without what ratings taught", "nats"),
        Column("is_live", "bool", "its rating holds", null=NEVER),
    ),
    indexes=(("rating_id",), ("detector", "date"), ("suspect_id",)),
)

RULE = CaseTable(
    name="rule",
    meaning="one row per rule made in the application; those of rules.yaml are copied here when they first match",
    time_column=None,
    id_column="rule_id",
    columns=(
        Column("rule_id", "int64", "given by the database", null=NEVER),
        Column("name", "string", "what it is called, unique among live rules", null=NEVER),
        Column("origin", "string", "page or file", null=NEVER),
        Column("conditions", "json", "list of {field, operator, value}; all must hold", null=NEVER),
        Column("severity", "int32", "1 high, 2 medium, 3 low", null=NEVER),
        Column("comment", "string", "why"),
        Column("is_enabled", "bool", "it is applied", null=NEVER),
        Column("analyst", "string", "who made it", null=NEVER),
        _made(),
        Column("removed", "timestamp", "when it was removed", "UTC", "it is there"),
        Column("last_run", "timestamp", "when it was last applied", "UTC", "never"),
        Column("last_match", "timestamp", "when it last matched something new", "UTC", "never"),
        Column("matched", "int64", "suspects it has rated in all", null=NEVER),
    ),
    indexes=(("name",),),
)

SUPPRESSION = CaseTable(
    name="suppression",
    meaning="one row per decision not to be shown something",
    time_column=None,
    id_column="suppression_id",
    columns=(
        Column("suppression_id", "int64", "given by the database", null=NEVER),
        Column("kind", "string", "address, cidr, pair, port, name, as, detector", null=NEVER),
        Column("value", "string", "what of that kind", null=NEVER),
        Column("detector", "string", "only in this one's queue", null="in all"),
        Column("reason", "string", "why", null=NEVER),
        Column("analyst", "string", "who decided", null=NEVER),
        _made(),
        Column("until", "timestamp", "when it ends by itself", "UTC", "never"),
        Column("lifted", "timestamp", "when it was taken back", "UTC", "it holds"),
        Column("lifted_by", "string", "who took it back", null="it holds"),
    ),
)

STORY = CaseTable(
    name="story",
    meaning="one row per saved state of a story; the live one is what is shown",
    time_column=None,
    id_column="story_id",
    columns=(
        Column("story_id", "int64", "given by the database", null=NEVER),
        Column("target", "string", "the address or network it is about", null=NEVER),
        Column("start", "timestamp", "window: first moment", "UTC", "open"),
        Column("end", "timestamp", "window: moment after the last", "UTC", "open"),
        Column("title", "string", "", null=NEVER),
        Column("text", "string", "what the analyst says", null=NEVER),
        Column("dossier", "json", "the evidence, as it was when saved", null=NEVER),
        Column("analyst", "string", "who saved it", null=NEVER),
        _made("when it was saved"),
        Column("replaced", "timestamp", "when a later save (or a deletion) took its place", "UTC", "it is live"),
    ),
    indexes=(("target",),),
)

AUDIT = CaseTable(
    name="audit",
    meaning="one row per deed: who did what to which object, when",
    time_column=None,
    id_column="audit_id",
    columns=(
        Column("audit_id", "int64", "given by the database, rising", null=NEVER),
        Column("at", "timestamp", "when", "UTC", NEVER),
        Column("analyst", "string", "who", null=NEVER),
        Column("verb", "string", "what was done: rate, undo, suppress, save-story, login, …", null=NEVER),
        Column("object", "string", "kind of thing it was done to", null=NEVER),
        Column("object_id", "string", "which one"),
        Column("detail", "json", "with what"),
    ),
    indexes=(("object", "object_id"),),
    is_append_only=True,
)

ACCOUNT = CaseTable(
    name="account",
    meaning="one row per person who may log in",
    time_column=None,
    id_column="name",
    columns=(
        Column("name", "string", "log-in name", null=NEVER),
        Column("role", "string", "viewer, analyst or admin", null=NEVER),
        Column("password_hash", "string", "Argon2id", null="logs in by OIDC only"),
        Column("subject", "string", "issuer and subject of OIDC", null="logs in by password only"),
        _made(),
        Column("disabled", "timestamp", "when it was closed", "UTC", "it is open"),
    ),
    indexes=(("subject",),),
)

SESSION = CaseTable(
    name="session",
    meaning="one row per log-in that is open",
    time_column=None,
    id_column="token_hash",
    columns=(
        Column("token_hash", "string", "SHA-256 of the token, hexadecimal", null=NEVER),
        Column("account", "string", "whose", null=NEVER),
        Column("csrf", "string", "what every write must carry", null=NEVER),
        _made(),
        Column("expires", "timestamp", "when it ends", "UTC", NEVER),
    ),
    indexes=(("account",),),
    is_disposable=True,
)

SETTING = CaseTable(
    name="setting",
    meaning="one row per choice kept for the workspace, such as which heuristics run",
    time_column=None,
    id_column="name",
    columns=(
        Column("name", "string", "which", null=NEVER),
        Column("value", "json", "", null=NEVER),
    ),
    is_disposable=True,
)

CASE_TABLES: dict[str, CaseTable] = {
    t.name: t for t in (RATING, LABEL, RULE, SUPPRESSION, STORY, AUDIT, ACCOUNT, SESSION, SETTING)
}
