"""What the workspace says about the host besides its flows: suspects, ratings of analysts, stories."""

from __future__ import annotations

from ipaddress import ip_network
from typing import TYPE_CHECKING, Any

from flowsleuth.notebooklets.attributes import Found
from flowsleuth.notebooklets.network_flow.scope import Scope
from flowsleuth.notebooklets.step import SkipStep

if TYPE_CHECKING:
    import pyarrow as pa

    from flowsleuth.notebooklets.run import Run

ONE_BY_ONE = 20
"""Up to so many addresses are asked about one by one; of more the strongest suspects are looked through."""
LOOKED_THROUGH = 5_000
SUSPECT = (
    "score", "detector", "reason", "flows", "first_seen", "last_seen", "src_ip", "dst_ip", "dst_port", "proto",
    "service", "server_name", "src_bytes", "dst_bytes", "flow_id", "source_file", "source_row",
)  # fmt: skip
RATING = (
    "severity", "comment", "analyst", "made", "detector", "flows", "start", "src_ip", "dst_ip", "dst_port", "proto",
    "server_name", "score", "suspect_id", "flow_id",
)  # fmt: skip


def read_suspects(run: Run) -> dict[str, Any]:
    """Suspects of the window that the host has a part in, the strongest first."""
    import pyarrow as pa
    import pyarrow.compute as pc

    scope, top = Scope.of(run), run.parameters.top
    if not any(part.rows for part in run.ws.store.catalog.parts("suspect")):
        raise SkipStep("nothing was scored")
    if len(scope.addresses) <= ONE_BY_ONE:
        parts = [run.ws.suspects(top, ip=address).to_arrow() for address in scope.addresses]
    else:
        whole = run.ws.suspects(LOOKED_THROUGH).to_arrow()
        parts = [_mine(whole, scope)]
        run.note(f"of the {LOOKED_THROUGH:,} strongest suspects of the workspace")
    told = [part.select([name for name in SUSPECT if name in part.column_names]) for part in parts if len(part)]
    if not told:
        return {"suspects": Found(absent="none of the suspects has it")}
    found = pa.concat_tables(told, promote_options="default")
    start, end = run.time
    if start is not None:
        found = found.filter(pc.greater_equal(pc.coalesce(found["last_seen"], found["first_seen"]), start))
    if end is not None:
        found = found.filter(pc.less(found["first_seen"], end))
    found = _once(found, "flow_id").sort_by([("score", "descending"), ("flow_id", "ascending")]).slice(0, top)
    return {"suspects": found if len(found) else Found(absent="none of the suspects of this window has it")}


def _mine(rows: pa.Table, scope: Scope) -> pa.Table:
    import pyarrow as pa

    if not len(rows):
        return rows
    return rows.filter(pa.array(scope.owns(rows["src_ip"]) | scope.owns(rows["dst_ip"])))


def _once(rows: pa.Table, key: str) -> pa.Table:
    """The first row of each key."""
    import pyarrow as pa

    first = {value: at for at, value in reversed(list(enumerate(rows[key].to_pylist())))}
    return rows.take(pa.array(sorted(first.values()), pa.int64()))


def has_case(run: Run) -> bool:
    """Whether anybody ever rated or wrote; asking must not make a database."""
    from flowsleuth.schema.analyst import FILE_NAME

    return bool(run.ws.settings.case_url) or (run.ws.folder / FILE_NAME).exists()


def read_ratings(run: Run) -> dict[str, Any]:
    """Ratings that hold, of flows of the host."""
    if not has_case(run):
        return {"ratings": Found(absent="nothing was rated in this workspace")}
    labels = _mine(run.ws.labels().to_arrow(), Scope.of(run))
    if not len(labels):
        return {"ratings": Found(absent="nothing of it was rated")}
    labels = labels.sort_by([("severity", "ascending"), ("made", "descending"), ("label_id", "ascending")])
    return {"ratings": labels.select(list(RATING))}


def read_stories(run: Run) -> dict[str, Any]:
    """Live stories about the host, or about a network it is in."""
    import pyarrow as pa

    if not has_case(run):
        return {"stories": Found(absent="there is no story in this workspace")}
    rows, scope = run.ws.stories().to_arrow(), Scope.of(run)
    mine = [ip_network(one) for one in ([scope.target.text] if scope.target else scope.addresses)]
    about = [ip_network(one) for one in rows["target"].to_pylist()]
    is_about = [any(one.version == other.version and one.overlaps(other) for other in mine) for one in about]
    found = rows.filter(pa.array(is_about, pa.bool_()))
    return {"stories": found if len(found) else Found(absent="no story is about it")}
