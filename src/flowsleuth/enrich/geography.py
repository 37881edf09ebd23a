"""Where an address is and whose: MMDB files, tables of networks, and the tables that come with the package.

Every source is unrolled once into sorted ranges that do not overlap, the most specific network counting, and then asked
for whole columns by binary search. What was unrolled is kept in a cache folder under the SHA-256 of the file.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import shutil
import uuid
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flowsleuth.enrich.place_columns import GEOGRAPHY, columns_of, of_record, to_columns, with_country_names
from flowsleuth.enrich.range_facts import RangeFacts
from flowsleuth.errors import FlowsleuthError
from flowsleuth.schema.ranges import Pieces, RangeMap

if TYPE_CHECKING:
    import pyarrow as pa

CACHE_FORMAT = 1
COUNTRY_DATE = dt.datetime(2025, 9, 1, tzinfo=dt.UTC)
COUNTRY_SOURCE = "registries' countries 2025-09"
_PARTS = ("four", "six", "values")


def load_geography(paths: Iterable[Path], cache: Path | None = None) -> tuple[RangeFacts, ...]:
    """The files the user named, in their order: the first that knows a fact is believed.

    Parameters
    ----------
    paths : iterable of Path
        MMDB files and tables of networks (:mod:`flowsleuth.enrich.network_tables`).
    cache : Path, optional
        Folder for what was unrolled.

    Returns
    -------
    tuple of RangeFacts
        One each; a file that cannot be read tells nothing and says why in ``absent``.
    """
    return tuple(_load(path, cache) for path in paths)


def _load(path: Path, cache: Path | None) -> RangeFacts:
    try:
        facts = path.stat()
        return _loaded(path, cache, facts.st_size, facts.st_mtime_ns)
    except OSError as error:
        return _absent(path.name, f"{path}: {error.strerror}")
    except FlowsleuthError as error:
        return _absent(path.name, str(error))


def _absent(name: str, reason: str) -> RangeFacts:
    import pyarrow as pa

    none = pa.schema([pa.field(c.name, c.arrow_type()) for c in GEOGRAPHY]).empty_table()
    return RangeFacts(name, RangeMap([]), none, GEOGRAPHY, absent=reason)


@lru_cache(maxsize=16)
def _loaded(path: Path, cache: Path | None, _size: int, _changed: int) -> RangeFacts:
    """One reading of a file as it is now; a server asks for the same file again and again."""
    if cache is None:
        return read_geography(path)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    place = cache / f"{digest}-{CACHE_FORMAT}"
    kept = _from_cache(place, path.name)
    if kept is None:
        kept = read_geography(path)
        _to_cache(place, kept)
    return kept


def installed_geography(cache: Path | None = None) -> tuple[RangeFacts, ...]:
    """What an installed package tells, if any: geoip2fast (extra ``geo``)."""
    from flowsleuth.enrich.geoip2fast_table import installed_file

    path = installed_file()
    return () if path is None else (_load(path, cache),)


def read_geography(path: Path) -> RangeFacts:
    """Read one file, found by its content.

    Raises
    ------
    FlowsleuthError
        It cannot be read.
    """
    from flowsleuth.enrich.geoip2fast_table import installed_file, read_geoip2fast
    from flowsleuth.enrich.mmdb import MARKER, unroll
    from flowsleuth.enrich.network_tables import read_network_table

    if path == installed_file():
        return read_geoip2fast(path)
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 131_072))
        is_mmdb = MARKER in file.read() or path.suffix.lower() == ".mmdb"
    if not is_mmdb:
        made = read_network_table(path)
        made.as_of = dt.datetime.fromtimestamp(int(path.stat().st_mtime), dt.UTC)
        return made
    base = unroll(path)
    values = to_columns([of_record(record) for record in base.records])
    ranges = RangeMap.of_pieces(base.four, base.six)
    as_of = dt.datetime.fromtimestamp(base.built, dt.UTC) if base.built else None
    return RangeFacts(path.name, ranges, values, columns_of(values), as_of=as_of)


# cache ----------------------------------------------------------------------------------------------------------------


def _to_cache(place: Path, facts: RangeFacts) -> None:
    """Keep what was unrolled; a cache that cannot be written is no reason to stop."""
    import pyarrow as pa
    from pyarrow import ipc

    four, six = facts.ranges.pieces
    tables = {
        "four": pa.table({"low": four.low, "high": four.high, "owner": four.owner}),
        "six": pa.table({"low": _binary(six.low), "high": _binary(six.high), "owner": six.owner}),
        "values": facts.values,
    }
    about = {"notes": list(facts.notes), "as_of": None if facts.as_of is None else facts.as_of.isoformat()}
    aside = place.with_name(f".{uuid.uuid4().hex}")
    try:
        aside.mkdir(parents=True)
        for name, table in tables.items():
            with ipc.new_file(aside / f"{name}.arrow", table.schema) as file:
                file.write_table(table.combine_chunks())
        (aside / "about.json").write_text(json.dumps(about), encoding="utf-8")
        shutil.rmtree(place, ignore_errors=True)
        aside.rename(place)
    except OSError:
        shutil.rmtree(aside, ignore_errors=True)


def _from_cache(place: Path, name: str) -> RangeFacts | None:
    import numpy as np
    import pyarrow as pa
    from pyarrow import ipc

    try:
        about = json.loads((place / "about.json").read_text(encoding="utf-8"))
        four, six, values = (ipc.open_file(pa.memory_map(str(place / f"{part}.arrow"))).read_all() for part in _PARTS)
    except (OSError, ValueError, pa.ArrowInvalid):
        return None
    low, high = (np.frombuffer(_bytes(six[end]), "S16") for end in ("low", "high"))
    ranges = RangeMap.of_pieces(
        Pieces(four["low"].to_numpy(), four["high"].to_numpy(), four["owner"].to_numpy()),
        Pieces(low, high, six["owner"].to_numpy()),
    )
    as_of = dt.datetime.fromisoformat(about["as_of"]) if about["as_of"] else None
    return RangeFacts(name, ranges, values, columns_of(values), notes=tuple(about["notes"]), as_of=as_of)


def _binary(packed: Any) -> pa.Array:
    import numpy as np
    import pyarrow as pa

    content = np.ascontiguousarray(packed)
    return pa.FixedSizeBinaryArray.from_buffers(pa.binary(16), len(content), [None, pa.py_buffer(content.tobytes())])


def _bytes(column: pa.ChunkedArray) -> bytes:
    """The 16 bytes of every row."""
    return b"".join(chunk.buffers()[1].to_pybytes()[chunk.offset * 16 :][: len(chunk) * 16] for chunk in column.chunks)


# what comes with the package ------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def registered_countries() -> RangeFacts:
    """The country each range is registered in, by the five regional registries; nothing to configure.

    The registered country is where the holder is, not always where the address is used; a geography file of your own
    comes first. Source: herrbischoff/country-ip-blocks, September 2025 (CC0).

    Examples
    --------
    >>> import pyarrow as pa
    >>> registered_countries().look_up(pa.array(["193.0.6.139", "2001:718::1", "10.0.0.1"]))["country_code"].to_pylist()
    ['NL', 'CZ', None]
    """
    import numpy as np
    import pyarrow as pa

    four, six = (_read_packaged(f"country_ipv{version}.parquet") for version in (4, 6))
    low4, high4 = (end.astype(np.uint32) for end in four[:2])
    ranges = RangeMap.of_pieces(
        Pieces(low4, high4, np.arange(len(low4))),
        Pieces(_first(six[0]), _last(six[1]), np.arange(len(low4), len(low4) + len(six[0]))),
    )
    values = with_country_names(pa.table({"country_code": pa.chunked_array([four[2], six[2]])}))
    return RangeFacts(COUNTRY_SOURCE, ranges, values, columns_of(values), as_of=COUNTRY_DATE)


def _read_packaged(name: str) -> tuple[Any, Any, pa.Array]:
    """First and last number of each range, and its country."""
    from importlib import resources

    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    content = (resources.files("flowsleuth.enrich") / "data" / name).read_bytes()
    rows = pq.read_table(pa.BufferReader(content))
    low = np.cumsum(rows["gap"].to_numpy(), dtype=np.uint64)
    return low, low + rows["width"].to_numpy(), rows["country_code"].combine_chunks()


def _first(half: Any) -> Any:
    import numpy as np

    from flowsleuth.enrich.networks import join

    return join(half, np.zeros_like(half))


def _last(half: Any) -> Any:
    import numpy as np

    from flowsleuth.enrich.networks import join

    return join(half, np.full_like(half, 2**64 - 1))
