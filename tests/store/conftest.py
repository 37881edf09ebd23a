"""One Spark for all the tests of a run; skipped where it cannot be started, unless it is required."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from tests.store.spark_cluster import SparkCluster, missing

REQUIRE = "FLOWSLEUTH_REQUIRE_SPARK"
"""Set to 1 (as CI does) to fail instead of skip."""


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkCluster]:
    """A standalone master, two workers and a Spark Connect server on loopback."""
    lack = missing()
    if lack:
        if os.environ.get(REQUIRE) == "1":
            pytest.fail(f"{REQUIRE}=1, but {lack}")
        pytest.skip(lack)
    with pytest.MonkeyPatch.context() as patch, SparkCluster(tmp_path_factory.mktemp("spark")) as cluster:
        for name, value in cluster.environment().items():
            patch.setenv(name, value)
        yield cluster
