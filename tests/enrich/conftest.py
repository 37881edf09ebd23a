"""What tests of enrichment may use."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def without_geoip2fast(request, monkeypatch):
    """The same answers whether the extra ``geo`` is installed or not; a test of it says ``geoip2fast`` in its name."""
    if "geoip2fast" not in request.node.name:
        monkeypatch.setattr("flowsleuth.enrich.geoip2fast_table.installed_file", lambda: None)
