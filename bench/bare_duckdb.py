"""The peer of our ingest: what DuckDB alone needs to turn the same log into one Parquet file.

``bare_duckdb.py zeek-tsv|zeek-json LOG PARQUET CODEC``. It is told names and types, checks nothing, keeps no raw line,
no ids, no directions and no canonical addresses: a floor, not a rival product.
"""

from __future__ import annotations

import sys

import duckdb

TYPES = {
    "ts": "DOUBLE", "uid": "VARCHAR", "id.orig_h": "VARCHAR", "id.orig_p": "INTEGER", "id.resp_h": "VARCHAR",
    "id.resp_p": "INTEGER", "proto": "VARCHAR", "service": "VARCHAR", "duration": "DOUBLE", "orig_bytes": "BIGINT",
    "resp_bytes": "BIGINT", "conn_state": "VARCHAR", "local_orig": "VARCHAR", "local_resp": "VARCHAR",
    "missed_bytes": "BIGINT", "history": "VARCHAR", "orig_pkts": "BIGINT", "orig_ip_bytes": "BIGINT",
    "resp_pkts": "BIGINT", "resp_ip_bytes": "BIGINT", "tunnel_parents": "VARCHAR",
}  # fmt: skip
READS = {
    "zeek-tsv": "read_csv(?, delim='\t', header=false, nullstr='-', quote='', comment='#', "
    "auto_detect=false, columns={})",
    "zeek-json": "read_json(?, format='newline_delimited')",
}

if __name__ == "__main__":
    kind, log, target, codec = sys.argv[1:]
    columns = "{" + ", ".join(f"'{name}': '{kind_of}'" for name, kind_of in TYPES.items()) + "}"
    read = READS[kind].replace("{}", columns)
    options = "FORMAT parquet" + ("" if codec == "default" else f", COMPRESSION {codec}")
    duckdb.connect().execute(f"COPY (SELECT * FROM {read}) TO '{target}' ({options})", [log])
