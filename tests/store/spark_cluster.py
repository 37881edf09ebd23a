"""A real Spark on loopback, out of the pip package: a standalone master, two workers, a Spark Connect server.

Nothing is downloaded, nothing listens beyond 127.0.0.1, and everything it writes is in one temporary folder.
"""

from __future__ import annotations

import ctypes
import importlib.util
import json
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

START_S = 90.0
STOP_S = 15.0
WORKERS = 2
PDEATHSIG = 1
LOOPBACK = "127.0.0.1"

DEFAULTS = {
    "spark.cores.max": 2,
    "spark.executor.cores": 1,
    "spark.executor.memory": "512m",
    "spark.driver.memory": "768m",
    "spark.driver.host": LOOPBACK,
    "spark.driver.bindAddress": LOOPBACK,
    "spark.ui.enabled": "false",
    "spark.sql.shuffle.partitions": 2,
    "spark.port.maxRetries": 100,
    "spark.connect.grpc.binding.address": LOOPBACK,
}
"""``spark-defaults.conf``: two small executors an application, so that two applications fit beside each other."""


def missing() -> str | None:
    """What is missing to start a cluster; None when it can be started."""
    for module in ("pyspark", "grpc", "grpc_status", "google.rpc"):
        try:
            found = importlib.util.find_spec(module)
        except ModuleNotFoundError:
            found = None
        if found is None:
            return f"{module} is not installed"
    home = os.environ.get("JAVA_HOME")
    if shutil.which("java", path=f"{home}/bin" if home else None) is None:
        return "Java is not installed"
    return None


def free_port() -> int:
    """A port of loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


class SparkCluster:
    """Started by ``with``; ``sc_url`` and ``spark_url`` are its two doors.

    Parameters
    ----------
    folder : Path
        Logs, settings and scratch space.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._home = Path(importlib.util.find_spec("pyspark").origin).parent
        self._processes: list[subprocess.Popen[bytes]] = []
        self.conf = folder / "conf"
        self.spark_url = f"spark://{LOOPBACK}:{free_port()}"
        self.sc_url = f"sc://{LOOPBACK}:{free_port()}"
        self._ui = free_port()

    def __enter__(self) -> SparkCluster:
        self._write_conf()
        began = time.monotonic()
        try:
            deploy = "org.apache.spark.deploy"
            port = self.spark_url.rpartition(":")[2]
            self._run("master", [f"{deploy}.master.Master", "--port", port, "--webui-port", str(self._ui)])
            self._wait("master", began, lambda: self._alive_workers() is not None)
            for number in range(WORKERS):
                place = ["--work-dir", str(self.folder / f"work{number}"), "--webui-port", "0"]
                size = ["--cores", "2", "--memory", "2g"]
                self._run(f"worker{number}", [f"{deploy}.worker.Worker", *size, *place, self.spark_url])
            self._connect_server()
            self._wait("worker0", began, lambda: self._alive_workers() == WORKERS)
            self._wait("connect", began, lambda: _listens(self.sc_url))
        except BaseException:
            self.__exit__()
            raise
        self.start_s = time.monotonic() - began
        return self

    def __exit__(self, *_: object) -> None:
        for process in reversed(self._processes):
            process.terminate()
        deadline = time.monotonic() + STOP_S
        for process in reversed(self._processes):
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        self._processes.clear()

    def _write_conf(self) -> None:
        self.conf.mkdir(parents=True)
        own = {
            "spark.local.dir": self.folder / "local",
            "spark.sql.warehouse.dir": self.folder / "warehouse",
            "spark.jars.ivy": self.folder / "ivy",
        }
        lines = [f"{name} {value}\n" for name, value in (DEFAULTS | own).items()]
        (self.conf / "spark-defaults.conf").write_text("".join(lines))

    def environment(self) -> dict[str, str]:
        """What Spark's programs are started with; PySpark in this process wants the same."""
        return {
            "SPARK_HOME": str(self._home),
            "SPARK_CONF_DIR": str(self.conf),
            "SPARK_LOCAL_IP": LOOPBACK,
            "SPARK_LOCAL_DIRS": str(self.folder / "local"),
            "_JAVA_OPTIONS": "-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Djava.net.preferIPv4Stack=true",
        }

    def _run(self, name: str, words: list[str], memory: str = "256m") -> None:
        script = "spark-submit" if words[0].startswith("--") else "spark-class"
        host = ["--host", LOOPBACK] if script == "spark-class" else []
        command = ["bash", str(self._home / "bin" / script), words[0], *host, *words[1:]]
        with (self.folder / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                command,
                env=os.environ | self.environment() | {"SPARK_DAEMON_MEMORY": memory},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_end_with_parent,  # noqa: PLW1509
            )
        self._processes.append(process)

    def _connect_server(self) -> None:
        port = self.sc_url.rpartition(":")[2]
        server = "org.apache.spark.sql.connect.service.SparkConnectServer"
        conf = ["--conf", f"spark.connect.grpc.binding.port={port}", "--name", "connect"]
        self._run("connect", ["--class", server, "--master", self.spark_url, *conf, "spark-internal"], "1g")

    def _alive_workers(self) -> int | None:
        try:
            with urllib.request.urlopen(f"http://{LOOPBACK}:{self._ui}/json/", timeout=2) as answer:
                return int(json.load(answer)["aliveworkers"])
        except OSError:
            return None

    def _wait(self, name: str, began: float, is_ready: Callable[[], bool]) -> None:
        while not is_ready():
            dead = [process for process in self._processes if process.poll() is not None]
            if dead or time.monotonic() - began > START_S:
                text = "\n".join(path.read_text(errors="replace")[-2000:] for path in self.folder.glob("*.log"))
                raise RuntimeError(f"Spark's {name} did not come up in {START_S:.0f} s:\n{text}")
            time.sleep(0.2)


def _end_with_parent() -> None:
    """Ask Linux to end the process when the test run is killed."""
    ctypes.CDLL(None).prctl(PDEATHSIG, signal.SIGTERM)


def _listens(url: str) -> bool:
    host, port = url.partition("://")[2].split(":")
    try:
        socket.create_connection((host, int(port)), 1).close()
    except OSError:
        return False
    return True


def children(parent: int) -> set[int]:
    """Ids of the living processes that a process has started."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, up = path.read_text().rpartition(")")[2].split()[:2]
        except OSError:
            continue
        if int(up) == parent and state != "Z":
            found.add(int(path.parent.name))
    return found
