"""The peer of our ingest: zat's reader of Zeek logs, into a data frame and no further. ``zat_reader.py LOG``."""

from __future__ import annotations

import sys

from zat.log_to_dataframe import LogToDataFrame

if __name__ == "__main__":
    frame = LogToDataFrame().create_dataframe(sys.argv[1])
    print(len(frame))
