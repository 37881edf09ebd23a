"""The scan of text for observables, byte by byte: arrays in, arrays out.

These functions are plain Python of the kind that numba compiles. :mod:`flowsleuth.extract.ioc.engine` runs them either
way, so both ways give the same findings. ``data`` is UTF-8 text, ``b`` the end of what may be read of it, ``a`` its
begin, ``T`` the :class:`~flowsleuth.extract.ioc.words.Tables`; what is not found is -1 or 0.
"""
