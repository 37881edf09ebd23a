"""Our reader alone, as zat's readers are: ``our_reader.py LOG`` makes canonical rows and stores nothing."""

from __future__ import annotations

import sys
from zoneinfo import ZoneInfo

from flowsleuth.faces.cli.memory import keep_freed_memory
from flowsleuth.readers import READERS
from flowsleuth.readers.contract import ReadContext
from flowsleuth.readers.streams import Source
from flowsleuth.schema.addresses import HomeNetworks
from flowsleuth.settings import DEFAULT_HOME

if __name__ == "__main__":
    keep_freed_memory()
    reader = READERS.load("zeek")()
    with Source(sys.argv[1]) as source:
        context = ReadContext(sys.argv[1], "zeek", 1, HomeNetworks(DEFAULT_HOME), ZoneInfo("UTC"), reader.Options())
        print(sum(len(table) for batch in reader.read(source, context) for table in batch.tables.values()))
