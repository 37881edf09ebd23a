"""One contract for every engine, and what an engine says when it cannot be had."""

from __future__ import annotations

import gc
import os
import socket
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from tests.store.spark_cluster import SparkCluster, children, free_port

from flowsleuth.errors import EngineError
from flowsleuth.store import Store
from flowsleuth.store.engine import connect
from flowsleuth.testing.engines import check_engine, fill_store


def test_duckdb_keeps_the_contract(tmp_path: Path) -> None:
    check_engine(Store, tmp_path / "case")


@pytest.mark.spark
@pytest.mark.parametrize("door", ["sc_url", "spark_url"])
def test_spark_keeps_the_contract(spark: SparkCluster, tmp_path: Path, door: str) -> None:
    check_engine(lambda folder: Store(folder, getattr(spark, door)), tmp_path / "case [1]")


@pytest.mark.spark
def test_streams_hold_a_few_batches_only(spark: SparkCluster, tmp_path: Path) -> None:
    import ibis

    store = Store(tmp_path, spark.sc_url)
    fill_store(store)
    numbers = ibis.range(300_000).unnest().name("n").as_table()
    long = store.table("flow").cross_join(numbers).select("flow_id", "start", "src_ip", "dst_ip", "n")
    gc.collect()
    before, peak, rows = pa.total_allocated_bytes(), 0, 0
    for batch in store.batches(long, 50_000):
        rows += batch.num_rows
        peak = max(peak, pa.total_allocated_bytes() - before)
    whole = store.arrow(long).nbytes
    store.close()
    assert rows == 1_500_000
    assert peak < whole / 4, f"a stream of {whole:,} bytes held {peak:,} at once"


@pytest.mark.spark
def test_a_closed_session_is_gone_on_the_server(spark: SparkCluster, tmp_path: Path) -> None:
    url = f"{spark.sc_url}/;session_id={uuid.uuid4()}"
    store = Store(tmp_path, url)
    fill_store(store)
    assert len(store.arrow(store.table("flow"))) == 5
    store.close()
    with pytest.raises(EngineError, match="SESSION_CLOSED"):
        connect(url, tmp_path)


@pytest.mark.spark
def test_drivers_share_an_application_and_leave_nothing_behind(spark: SparkCluster, tmp_path: Path) -> None:
    before = children(os.getpid())
    stores = [Store(tmp_path / name, spark.spark_url) for name in ("a", "b") if not (tmp_path / name).mkdir()]
    for store in stores:
        fill_store(store)
        assert len(store.arrow(store.table("flow"))) == 5
    with socket.create_server(("127.0.0.1", 0)) as other, pytest.raises(EngineError, match="drives another Spark"):
        connect(f"spark://127.0.0.1:{other.getsockname()[1]}", tmp_path)
    stores[0].close()
    assert len(stores[1].arrow(stores[1].table("flow"))) == 5
    assert children(os.getpid()) > before
    stores[1].close()
    assert children(os.getpid()) == before


@pytest.mark.spark
def test_a_folder_that_spark_does_not_see(spark: SparkCluster, tmp_path: Path) -> None:
    store = Store(tmp_path, spark.sc_url)
    fill_store(store)
    flow = store.table("flow")
    for part in tmp_path.glob("tables/flow/*/*.parquet"):
        part.unlink()
    with pytest.raises(EngineError, match="under the same path"):
        store.arrow(flow)
    store.close()


@pytest.mark.spark
@pytest.mark.parametrize("scheme", ["sc", "spark"])
def test_nobody_answers(spark: SparkCluster, tmp_path: Path, scheme: str) -> None:
    with pytest.raises(EngineError, match=r"cannot be reached.*is the server up"):
        connect(f"{scheme}://127.0.0.1:{free_port()}", tmp_path)


@pytest.mark.spark
def test_somebody_else_answers(spark: SparkCluster, tmp_path: Path) -> None:
    with Stranger() as port, pytest.raises(EngineError, match="no Spark Connect answers"):
        connect(f"sc://127.0.0.1:{port}", tmp_path)


@pytest.mark.spark
def test_java_is_missing(spark: SparkCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(EngineError, match=r"Java is not installed.*openjdk-17"):
        connect(spark.spark_url, tmp_path)


@pytest.mark.parametrize("url", ["sc://127.0.0.1:15002", "spark://127.0.0.1:7077"])
def test_pyspark_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "pyspark"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "pyspark", None)
    with pytest.raises(EngineError, match=r"PySpark is not installed.*flowsleuth\[spark\]"):
        connect(url, tmp_path)


@pytest.mark.parametrize("url", ["sparks://host:1", "mysql://host", ""])
def test_no_such_engine(tmp_path: Path, url: str) -> None:
    with pytest.raises(EngineError, match="no such engine"):
        connect(url, tmp_path)


@pytest.mark.parametrize("url", ["spark://host", "spark://", "sc://"])
def test_not_an_address(tmp_path: Path, url: str) -> None:
    pytest.importorskip("pyspark")
    with pytest.raises(EngineError, match=r"not (an|the) address"):
        connect(url, tmp_path)


def test_importing_the_engine_loads_no_spark() -> None:
    heavy = {"pyspark", "py4j", "grpc", "ibis"}
    code = f"import flowsleuth.store.spark_engine, sys; print(sorted({heavy} & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


class Stranger:
    """A server that answers every caller with words no Spark says."""

    def __enter__(self) -> int:
        self._server = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._answer, daemon=True).start()
        port: int = self._server.getsockname()[1]
        return port

    def _answer(self) -> None:
        for caller in self._callers():
            with caller:
                caller.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")

    def _callers(self) -> Iterator[socket.socket]:
        while True:
            try:
                yield self._server.accept()[0]
            except OSError:
                return

    def __exit__(self, *_: object) -> None:
        self._server.close()
