"""Leads and findings whose texts are attacks on whoever shows them."""

from __future__ import annotations

from pathlib import Path

import flowsleuth

HOSTILE = '<img src=x onerror=alert(1)></script><script>alert(1)</script>"onmouseover="alert(1)'
TEXTS = ("reason", "normal_if", "server_name", "role", "technique")


def make_hostile(case: Path, date: str) -> None:
    """Write the texts of a day's leads and findings anew."""
    import pyarrow as pa

    with flowsleuth.open(case) as ws, ws.store.writing():
        for table, tag in (("lead", "leads"), ("finding", "strobes")):
            old = ws.store.catalog.parts(table, [date], tag)
            rows = ws.store.arrow(ws.store.view(table, old))
            for name in set(TEXTS) & set(rows.column_names):
                rows = rows.set_column(rows.column_names.index(name), name, pa.array([HOSTILE] * len(rows)))
            ws.store.replace(old, ws.store.write(table, rows, tag=tag))
