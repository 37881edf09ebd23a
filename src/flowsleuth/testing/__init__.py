"""Conformance kits and sample makers, public for plug-in authors."""

from flowsleuth.testing.drivers import check_driver
from flowsleuth.testing.engines import check_engine
from flowsleuth.testing.figures import check_figure
from flowsleuth.testing.findings import check_finder
from flowsleuth.testing.notebooklets import check_notebooklet
from flowsleuth.testing.pivots import check_pivot
from flowsleuth.testing.providers import check_provider
from flowsleuth.testing.readers import check_reader, check_refuses, count_lines
from flowsleuth.testing.reading import ReadResult, read_all

__all__ = [
    "ReadResult",
    "check_driver",
    "check_engine",
    "check_figure",
    "check_finder",
    "check_notebooklet",
    "check_pivot",
    "check_provider",
    "check_reader",
    "check_refuses",
    "count_lines",
    "read_all",
]
