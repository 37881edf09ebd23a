"""Every exception flowsleuth raises on purpose, one family.

Each one says what went wrong, where (path and row, option, table), what was available, and what to try.
"""

from __future__ import annotations

from collections.abc import Iterable


class FlowsleuthError(Exception):
    """Root of the family; catch it to catch everything that flowsleuth refuses on purpose.

    Parameters
    ----------
    message : str
        What went wrong, one sentence without a full stop at the end.
    where : str, optional
        Path and row, option, table or URL.
    available : iterable of str, optional
        What would have been accepted.
    hint : str, optional
        What to try next.

    Examples
    --------
    >>> str(FlowsleuthError("no such table", where="dsn", available=["dns", "flow"], hint="check the spelling"))
    'dsn: no such table (available: dns, flow); check the spelling'
    """

    exit_code = 1

    def __init__(
        self,
        message: str,
        *,
        where: str | None = None,
        available: Iterable[str] | None = None,
        hint: str | None = None,
    ) -> None:
        self.message = message
        self.where = where
        self.available = None if available is None else list(available)
        self.hint = hint
        text = f"{where}: {message}" if where else message
        if self.available is not None:
            text += f" (available: {', '.join(self.available) or 'none'})"
        if hint:
            text += f"; {hint}"
        super().__init__(text)


class OptionError(FlowsleuthError, ValueError):
    """An option or argument has a value that cannot be used."""

    exit_code = 2


class CatalogueError(FlowsleuthError, KeyError):
    """A reader, detector or table of that name does not exist."""

    exit_code = 2

    def __str__(self) -> str:
        return str(self.args[0])


class WorkspaceError(FlowsleuthError):
    """The folder is no workspace, is in use, or cannot be opened."""


class StoreError(FlowsleuthError):
    """The rows at rest could not be read or written."""


class EngineError(StoreError):
    """An engine (DuckDB, Spark) is missing, unreachable, or refused a query."""


class ReaderError(FlowsleuthError):
    """A reader could not read its file at all."""


class UnknownFormatError(ReaderError):
    """No reader knows the content of a file."""


class MissingProgramError(ReaderError):
    """A reader needs a program that is not installed; the hint names the package."""


class RejectedRecordsError(ReaderError):
    """``strict`` was asked for and at least one record was rejected."""


class DetectorError(FlowsleuthError):
    """A detector cannot run on what is stored."""


class MissingExtraError(FlowsleuthError):
    """A part of flowsleuth was asked for whose packages are not installed; the hint is the command that does.

    Parameters
    ----------
    extra : str
        Name of the extra.
    package : str
        Which package was looked for in vain.

    Examples
    --------
    >>> str(MissingExtraError("web", "fastapi"))
    'fastapi: not installed; pip install "flowsleuth[web]"'
    """

    def __init__(self, extra: str, package: str) -> None:
        super().__init__("not installed", where=package, hint=f'pip install "flowsleuth[{extra}]"')


class RefusedError(FlowsleuthError):
    """Who asks is not known, or may not do this."""


class QueryError(FlowsleuthError):
    """Somebody else's data could not be asked, or answered with an error."""


class QueryFileError(QueryError):
    """A query file is not in the format, or a query in it is not complete; the message names file and query."""


class QueryParameterError(QueryError, ValueError):
    """A parameter of a query is missing, unknown, or has a value that must not be put there."""

    exit_code = 2


class QueryLoginError(QueryError):
    """The other side does not know who asks, or refuses it."""


class QueryThrottledError(QueryError):
    """The other side is busy; ``retry_after_s`` is when it said to come back, if it said."""

    def __init__(self, message: str, *, where: str | None = None, retry_after_s: float | None = None) -> None:
        super().__init__(message, where=where)
        self.retry_after_s = retry_after_s


def suggestion(name: str, known: Iterable[str]) -> str | None:
    """What was meant, perhaps; a hint for an error about a name.

    Examples
    --------
    >>> suggestion("geomap", ["flows", "geo_map"])
    'did you mean geo_map?'
    """
    from difflib import get_close_matches

    near = get_close_matches(name, list(known), n=1)
    return f"did you mean {near[0]}?" if near else None
