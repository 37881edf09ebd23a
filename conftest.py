"""What the tests and the examples in the source may use alike, whichever of them run first in a process."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from flowsleuth.enrich import geoip2fast_table

INSTALLED_FILE = geoip2fast_table.installed_file


@pytest.fixture(scope="session", autouse=True)
def without_geoip2fast() -> Iterator[None]:
    """The same answers whether the extra ``geo`` is installed or not."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(geoip2fast_table, "installed_file", lambda: None)
        yield


@pytest.fixture
def geoip2fast(monkeypatch: pytest.MonkeyPatch) -> None:
    """For a test of the extra ``geo``: it is there."""
    pytest.importorskip("geoip2fast")
    monkeypatch.setattr(geoip2fast_table, "installed_file", INSTALLED_FILE)
