"""What every test may use."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("untimed", deadline=None)  # what is slow is for bench/; a busy machine breaks no promise
settings.load_profile("untimed")

REPOSITORY = Path(__file__).resolve().parents[1]


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


@pytest.fixture
def data() -> Path:
    """Samples in the repository."""
    return REPOSITORY / "tests" / "data"
