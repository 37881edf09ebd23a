"""The peer of our ingest: zat's readers of Zeek logs. ``zat_reader.py rows|frame LOG``.

``rows`` is zat's ZeekLogReader, which gives a typed dict for each record; ``frame`` is LogToDataFrame, which has pandas
read the columns. Both stop there: nothing is canonical, nothing is stored.
"""

from __future__ import annotations

import sys

if __name__ == "__main__":
    how, log = sys.argv[1:]
    if how == "frame":
        from zat.log_to_dataframe import LogToDataFrame

        print(len(LogToDataFrame().create_dataframe(log)))
    else:
        from zat.zeek_log_reader import ZeekLogReader

        print(sum(1 for _ in ZeekLogReader(log).readrows()))
