"""What every test may use."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import settings

settings.register_profile("untimed", deadline=None)  # what is slow is for bench/; a busy machine breaks no promise
settings.load_profile("untimed")

REPOSITORY = Path(__file__).resolve().parents[1]
READY = Path(__file__).parent / "ready"
ROOMS = ("detect", "enrich", "extract", "faces.cli", "investigate", "readers", "schema", "store", "triage", "workspace")
IMPORTED = (
    "ibis.backends.duckdb",
    "pandas",
    "pyarrow.compute",
    "pyarrow.parquet",
    *(f"flowsleuth.{r}.*" for r in ROOMS),
)
"""What most commands import; ``.*``: all modules of a package that import without a library that is not here."""


def pytest_configure() -> None:
    """What was asked to be tested is not skipped for want of a program."""
    if os.environ.get("FLOWSLEUTH_REQUIRE_NFDUMP") == "1" and shutil.which("nfdump") is None:
        raise pytest.UsageError("FLOWSLEUTH_REQUIRE_NFDUMP=1, but the program nfdump is not installed")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The developer data set beside the repository; tests that need it are skipped where it is absent."""
    path = REPOSITORY.parent / "shared" / "data"
    if not path.is_dir():
        pytest.skip("the developer data set (../shared/data) is not here")
    return path


@pytest.fixture(scope="session")
def demo_case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with the demo's logs, scored; copy it before you write to it."""
    import flowsleuth
    from flowsleuth.workspace import init

    case = init(tmp_path_factory.mktemp("demo") / "case", home=["10.0.0.0/8"])
    with flowsleuth.open(case) as ws:
        ws.ingest(REPOSITORY / "demo" / "logs")
        ws.score()
    return case


@pytest.fixture(scope="session")
def ready_python() -> Iterator[list[str]]:
    """Words that begin a command line which runs flowsleuth, or ``-c CODE``, without the time that imports take."""
    with TemporaryDirectory() as folder:
        path = str(Path(folder) / "forker")
        line = [sys.executable, READY / "forker.py", path, *IMPORTED]
        forker = subprocess.Popen(line, stdout=subprocess.PIPE, text=True)
        assert forker.stdout is not None
        assert forker.stdout.readline() == "ready\n"
        yield [sys.executable, "-I", "-S", str(READY / "ask.py"), path]
        forker.kill()
        forker.wait()


@pytest.fixture
def data() -> Path:
    """Samples in the repository."""
    return REPOSITORY / "tests" / "data"
