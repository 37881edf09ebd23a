"""Indicators of compromise in text: found by a scan over whole columns, checked, refanged and canonical.

:class:`~flowsleuth.extract.ioc.extractor.IoCExtract` is the door; :func:`~flowsleuth.extract.ioc.columns.find` the
column engine behind it.
"""
