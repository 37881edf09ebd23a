"""What command lines have in common: numbers, ids, hashes, addresses and paths replaced by what they are.

Whole columns at a time with RE2, whose time is linear in the text; equal command lines are looked at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

_PROGRAM_ENDS = "exe|com|bat|cmd|ps1|vbs|js|msc|scr|dll"
_HEX = "[0-9a-fA-F]"
_END = r"(\.[A-Za-z]{1,5})?"

_Step = tuple[str, str, str]
"""A literal without which the step changes nothing (or none), an expression, what it becomes."""

_STEPS: tuple[_Step, ...] = (
    # the program keeps its name and loses its folder: in quotes, up to its ending, or up to the first blank
    ("", r'^\s*"(?:[^"]*[\\/])?([^"\\/]+)"', r"\1"),
    ("\\", rf'^\s*(?:\\\?\?\\)?[A-Za-z]:\\(?:[^"]*?\\)??([^\\"/]+?\.(?i:{_PROGRAM_ENDS}))\b', r"\1"),
    ("", r'^\s*(?:[^\s"]*\\|(?:[A-Za-z]:|~|\.\.?)?/(?:[^\s"/]*/)*)([^\s"\\/]+)', r"\1"),
    ("://", r"""\b[A-Za-z][A-Za-z0-9+.-]*://[^\s"'<>|]+""", "<url>"),
    # a path that begins with a quote ends with it; its ending (.dll) is kept
    ("\\", rf'"(?:[A-Za-z]:|\\|%\w+%)\\[^"]*?{_END}"', r'"<path>\1"'),
    ("\\", rf"""(?:[A-Za-z]:|\\|%\w+%|[\w.~$-]+)\\[^\s"'|<>,;=]*?{_END}([\s"'|<>,;=]|$)""", r"<path>\1\2"),
    ("/", r"""(^|[\s"'=:,(@])(?:~|\.\.?)?(?:/[\w.+%$~@:-]+){2,}/?""", r"\1<path>"),
    ("-", rf"\{{?\b{_HEX}{{8}}-(?:{_HEX}{{4}}-){{3}}{_HEX}{{12}}\b\}}?", "<guid>"),
    ("S-1-", r"\bS-1-\d+(?:-\d+)+\b", "<sid>"),
    ("", r"\b[A-Za-z0-9+/]{40,}={0,2}", "<blob>"),
    ("", rf"\b(?:0[xX]{_HEX}+|{_HEX}{{16,}})\b", "<n>"),
    (".", r"\b\d{1,3}(?:\.\d{1,3}){3}\b", "<ip>"),
    ("", r"\s{2,}|[\t\r\n\f\v]", " "),
)
_AFTER_PROGRAM: tuple[_Step, ...] = (
    ("", r"\d+", "<n>"),
    ("<n>", r"(?:\b[A-Za-z]+)?<n>(?:[A-Za-z]+<n>)+[A-Za-z]*", "<id>"),
)
_PROGRAM_AND_REST = r"(?s)^\s*(?P<program>\S*)(?P<rest>.*)$"
_ROWS_AT_A_TIME = 65_536


def skeletons(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    """What is left of each command line when what changes from one to the next is replaced by a word for it.

    The program keeps its name and loses its folder. Then ``<url>``, ``<guid>``, ``<sid>``, ``<path>`` (with its ending:
    ``<path>.dll``), ``<blob>`` (40 or more characters of base64), ``<ip>``, ``<n>`` (a number, ``0x…`` or 16 or more
    hexadecimal digits) and ``<id>`` (letters with digits in several places, ``a3f9c``). Digits in the program's name
    stay (``rundll32``). Runs of blanks become one.

    Parameters
    ----------
    column : pyarrow.ChunkedArray or pyarrow.Array of string

    Returns
    -------
    pyarrow.Array of string
        As long as the column; null stays null. Case is kept.

    Notes
    -----
    Names that are words (``alice``, ``srv-web``) cannot be told from options and stay; :func:`delimiter_skeletons`
    ignores them. Paths with blanks and without quotes are replaced up to their first blank.

    Examples
    --------
    >>> import pyarrow as pa
    >>> lines = [
    ...     r'"C:\\Program Files\\Agent\\agent.exe" -id {3F2504E0-4F89-11D3-9A0C-0305E82C3301} -port 8080',
    ...     r"C:\\Windows\\system32\\rundll32.exe C:\\Temp\\a1.dll,Run",
    ...     "/usr/bin/curl -s http://192.0.2.7:81/a1  -o /tmp/x/7f3a",
    ...     None,
    ... ]
    >>> for line in skeletons(pa.array(lines)).to_pylist():
    ...     print(line)
    agent.exe -id <guid> -port <n>
    rundll32.exe <path>.dll,Run
    curl -s <url> -o <path>
    None
    """
    return _each_once(column, _skeletons)


def delimiter_skeletons(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    """Only what stands between the words of each command line: blanks, quotes, slashes, dots and the like.

    Command lines made by one program in one way mostly have the same delimiters, whatever the names in them.

    Parameters
    ----------
    column : pyarrow.ChunkedArray or pyarrow.Array of string

    Returns
    -------
    pyarrow.Array of string
        As long as the column; null stays null.

    Examples
    --------
    >>> import pyarrow as pa
    >>> delimiter_skeletons(pa.array(["net user bob /add", "net user alice /add", "whoami", None])).to_pylist()
    ['   /', '   /', '', None]
    """
    return _each_once(column, _delimiters)


def _each_once(column: pa.ChunkedArray | pa.Array, change: Callable[[pa.Array], pa.Array]) -> pa.Array:
    """A column changed, each distinct text once, the parts of the column beside one another."""
    import pyarrow as pa

    given = pa.chunked_array([column]) if isinstance(column, pa.Array) else column
    coded = given.cast(pa.string()).combine_chunks().dictionary_encode()
    distinct = coded.dictionary
    parts = [distinct.slice(start, _ROWS_AT_A_TIME) for start in range(0, len(distinct), _ROWS_AT_A_TIME)]
    with ThreadPoolExecutor(max_workers=min(pa.cpu_count(), max(1, len(parts)))) as pool:
        done = list(pool.map(change, parts))
    return (pa.concat_arrays(done) if done else distinct).take(coded.indices)


def _skeletons(texts: pa.Array) -> pa.Array:
    import pyarrow.compute as pc

    halves = pc.extract_regex(_stepwise(texts, _STEPS), _PROGRAM_AND_REST)
    rest = _stepwise(pc.struct_field(halves, "rest"), _AFTER_PROGRAM)
    return pc.utf8_rtrim_whitespace(pc.binary_join_element_wise(pc.struct_field(halves, "program"), rest, ""))


def _delimiters(texts: pa.Array) -> pa.Array:
    import pyarrow.compute as pc

    return pc.replace_substring_regex(texts, pattern=r"[A-Za-z0-9_]+", replacement="")


def _stepwise(texts: pa.Array, steps: Sequence[_Step]) -> pa.Array:
    import pyarrow.compute as pc

    for literal, expression, becomes in steps:
        if not literal or pc.any(pc.match_substring(texts, literal)).as_py():
            texts = pc.replace_substring_regex(texts, pattern=expression, replacement=becomes)
    return texts
