"""Conformance kits and sample makers, public for plug-in authors."""

from flowsleuth.testing.readers import check_reader, check_refuses, count_lines
from flowsleuth.testing.reading import ReadResult, read_all

__all__ = ["ReadResult", "check_reader", "check_refuses", "count_lines", "read_all"]
