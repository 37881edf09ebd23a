"""``run_atheris.py TARGET [libFuzzer options]``: fuzz one target, guided by coverage; see targets.py.

Long runs by hand: ``python tests/fuzz/run_atheris.py decode_file -max_total_time=3600 -rss_limit_mb=2000``.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
with atheris.instrument_imports(include=["flowsleuth.extract", "flowsleuth.readers", "flowsleuth.analyze"]):
    from tests.fuzz.targets import TARGETS


def main(words: list[str]) -> None:
    """Fuzz, beginning with the target's seeds; ends with an exit code that is not 0 where something is found."""
    program, name, *options = words
    target = TARGETS[name]
    with tempfile.TemporaryDirectory() as folder:
        for number, seed in enumerate(target.seeds):
            (Path(folder) / f"seed{number}").write_bytes(seed)
        atheris.Setup([program, *options, folder], target.run)
        atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv)
