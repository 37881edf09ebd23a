"""Constant expressions of PowerShell, worked out as PowerShell would: texts, numbers, lists and bytes only.

What is not surely constant is None, and stays in the script as it is.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable

Value = str | int | bytes | list["Value"]
LONGEST = 1 << 20
"""Characters, or members of a list, that a worked-out value may have."""
_ITEM = re.compile(r"\{\{|\}\}|\{(\d{1,4})\}")
_ESCAPES = {"0": "\0", "a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "e": "\x1b"}
_ENCODINGS = {
    "unicode": "utf-16-le", "utf8": "utf-8", "ascii": "ascii", "utf7": "utf-7", "utf32": "utf-32-le",
    "bigendianunicode": "utf-16-be", "default": "cp1252",
}  # fmt: skip


def of_single(text: str) -> str:
    """The value of a single-quoted string.

    Examples
    --------
    >>> of_single("'it''s'")
    "it's"
    """
    return re.sub(r"['‘’‚‛]{2}", "'", text[1:-1])


def of_double(text: str) -> str | None:
    """The value of a double-quoted string; None where it has variables or parts that are worked out.

    Examples
    --------
    >>> of_double('"a`tb""c"'), of_double('"$x"'), of_double('"`$x"')
    ('a\\tb"c', None, '$x')
    """
    inner = text[1:-1]
    if re.search(r"(?<!`)(?:``)*\$[\w({:?$^]", inner):
        return None
    inner = re.sub(r'["“”„]{2}', '"', inner)
    return re.sub(r"`(.)", lambda found: _ESCAPES.get(found[1], found[1]), inner, flags=re.S)


def rendered(value: Value) -> str:
    """A value as PowerShell writes it.

    Examples
    --------
    >>> rendered("it's"), rendered(["a", 1])
    ("'it''s'", "('a',1)")
    """
    if isinstance(value, list):
        return f"({','.join(map(rendered, value))})"
    return str(value) if isinstance(value, int) else "'" + str(value).replace("'", "''") + "'"


def is_small(value: Value | None) -> bool:
    """It is a value, and not too long to go on with."""
    if isinstance(value, list):
        return len(value) <= LONGEST // 16
    return value is not None and (isinstance(value, int) or len(value) <= LONGEST)


def added(left: Value, right: Value) -> Value | None:
    """``left + right``; a text takes a number as text, a number nothing but a number."""
    if isinstance(left, list):
        return left + (right if isinstance(right, list) else [right])
    if isinstance(left, int) and isinstance(right, int):
        return left + right
    return left + str(right) if isinstance(left, str) and isinstance(right, str | int) else None


def formatted(pattern: Value, values: Value) -> Value | None:
    """``pattern -f values``, for items without a format of their own."""
    if not isinstance(pattern, str):
        return None
    given = values if isinstance(values, list) else [values]
    texts = [str(one) if isinstance(one, str | int) else None for one in given]
    rest = _ITEM.sub("", pattern)
    items = [int(found[1]) for found in _ITEM.finditer(pattern) if found[1]]
    if "{" in rest or "}" in rest or any(at >= len(texts) or texts[at] is None for at in items):
        return None
    if sum(len(texts[at] or "") for at in items) > LONGEST:
        return None
    return _ITEM.sub(lambda found: str(texts[int(found[1])]) if found[1] else found[0][0], pattern)


def joined(values: Value, separator: Value = "") -> Value | None:
    """``values -join separator``."""
    given = values if isinstance(values, list) else [values]
    if not isinstance(separator, str) or not all(isinstance(one, str | int) for one in given):
        return None
    return separator.join(map(str, given))


def replaced(text: Value, arguments: Value, *, is_cased: bool) -> Value | None:
    """``text -replace pattern, by``, for patterns that are no more than their letters."""
    given = arguments if isinstance(arguments, list) else [arguments]
    pattern, by = (given[0], given[1]) if len(given) == 2 else (given[0] if len(given) == 1 else None, "")
    if not isinstance(text, str) or not isinstance(pattern, str) or not isinstance(by, str):
        return None
    literal = re.sub(r"\\([^\w\s])", r"\1", pattern)
    if re.search(r"[\\^$.|?*+()\[\]{}]", re.sub(r"\\[^\w\s]", "", pattern)) or "$" in by or not literal:
        return None
    if text.count(literal[0]) * len(by) > LONGEST:
        return None
    return re.sub(re.escape(literal), lambda _: by, text, flags=0 if is_cased else re.I)


def split(text: Value, separator: Value, *, is_cased: bool = False) -> Value | None:
    """``text -split separator``, for separators that are no more than their letters."""
    if not isinstance(text, str) or not isinstance(separator, str) or not separator:
        return None
    if re.search(r"[\\^$.|?*+()\[\]{}]", separator):
        return None
    return list(re.split(re.escape(separator), text, flags=0 if is_cased else re.I))


def indexed(value: Value, index: Value) -> Value | None:
    """``value[index]``: a character or member, or several."""
    if not isinstance(value, str | list):
        return None
    if isinstance(index, list):
        found = [indexed(value, one) for one in index if isinstance(one, int)]
        return None if None in found or len(found) != len(index) else [one for one in found if one is not None]
    if not isinstance(index, int) or not -len(value) <= index < len(value):
        return None
    return value[index]


def ranged(first: Value, last: Value) -> Value | None:
    """``first..last``, either way."""
    if not isinstance(first, int) or not isinstance(last, int) or abs(last - first) > LONGEST // 16:
        return None
    step = 1 if last >= first else -1
    return list(range(first, last + step, step))


def cast(kind: str, value: Value) -> Value | None:
    """``[kind]value``.

    Examples
    --------
    >>> cast("char", 73), cast("char[]", [73, 69]), cast("int", "0x49"), cast("string", 5)
    ('I', ['I', 'E'], 73, '5')
    """
    kind = kind.lower().removeprefix("system.")
    if kind == "char":
        return _character(value)
    if kind == "char[]":
        parts = list(value) if isinstance(value, str) else value if isinstance(value, list) else [value]
        found = [_character(one) for one in parts]
        return None if None in found else [one for one in found if one is not None]
    if kind in ("string", "string[]") and isinstance(value, str | int):
        return str(value)
    if kind == "string" and isinstance(value, list):
        return joined(value, " ")
    if kind in ("int", "int32", "byte") and isinstance(value, str | int):
        return _whole(value)
    return None


def _character(value: Value) -> str | None:
    if isinstance(value, str):
        number = _whole(value) if len(value) > 1 else ord(value) if value else None
    else:
        number = value if isinstance(value, int) else None
    return chr(number) if number is not None and 0 <= number < 0x10000 and not 0xD800 <= number < 0xE000 else None


def _whole(value: str | int) -> int | None:
    text = str(value).strip()
    if not re.fullmatch(r"-?\d{1,9}|0[xX][0-9a-fA-F]{1,7}", text):
        return None
    return int(text, 16) if text[:2].lower() == "0x" else int(text)


def called(value: Value, method: str, arguments: list[Value]) -> Value | None:
    """``value.method(arguments)`` for methods of texts that depend on nothing else.

    Examples
    --------
    >>> called("iAxAe", "Replace", ["A", ""]), called("xei", "Substring", [1])
    ('ixe', 'ei')
    """
    if not isinstance(value, str):
        return None
    numbers = [one for one in arguments if isinstance(one, int) and 0 <= one <= len(value)]
    texts = [one for one in arguments if isinstance(one, str)]
    plain: dict[tuple[str, int, int], Callable[[], Value | None]] = {
        ("replace", 2, 0): lambda: _plainly(value, texts),
        ("tostring", 0, 0): lambda: value,
        ("tolower", 0, 0): value.lower,
        ("toupper", 0, 0): value.upper,
        ("trim", 0, 0): value.strip,
        ("tochararray", 0, 0): lambda: list(value),
        ("substring", 0, 1): lambda: value[numbers[0] :],
        ("substring", 0, 2): lambda: value[numbers[0] : sum(numbers)] if sum(numbers) <= len(value) else None,
        ("insert", 1, 1): lambda: value[: numbers[0]] + texts[0] + value[numbers[0] :],
        ("remove", 0, 1): lambda: value[: numbers[0]],
        ("remove", 0, 2): lambda: value[: numbers[0]] + value[sum(numbers) :],
        ("split", 1, 0): lambda: list(re.split(f"[{re.escape(texts[0])}]", value)) if texts[0] else None,
    }
    how = plain.get((method.lower(), len(texts), len(numbers)))
    return how() if how and len(texts) + len(numbers) == len(arguments) else None


def _plainly(value: str, texts: list[str]) -> str | None:
    old, new = texts
    return value.replace(old, new) if old and value.count(old) * len(new) <= LONGEST else None


def called_static(kind: str, method: str, arguments: list[Value]) -> Value | None:
    """``[kind]::method(arguments)``: joined texts, characters, base64 and what it is the bytes of.

    Examples
    --------
    >>> called_static("Text.Encoding", "Unicode.GetString", [b"i\\0e\\0x\\0"])
    'iex'
    """
    name, call = kind.lower().removeprefix("system."), method.lower()
    first = arguments[0] if arguments else None
    if name == "string":
        return _of_string(call, arguments)
    if (name, call) in (("convert", "tochar"), ("char", "convertfromutf32")) and isinstance(first, int):
        return _character(first)
    if (name, call) == ("convert", "frombase64string") and isinstance(first, str):
        return _bytes_of(first)
    if name == "text.encoding" and isinstance(first, bytes):
        return _text_of(first, call)
    return None


def _of_string(call: str, arguments: list[Value]) -> Value | None:
    """``[string]::Join`` and ``[string]::Concat``."""
    if call == "join" and len(arguments) >= 2:
        return joined(arguments[1] if len(arguments) == 2 else arguments[1:], arguments[0])
    return joined(arguments) if call == "concat" else None


def _bytes_of(text: str) -> bytes | None:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return None


def _text_of(value: bytes, call: str) -> str | None:
    """``[Text.Encoding]::Unicode.GetString``; None for bytes that are no text in it."""
    encoding = _ENCODINGS.get(call.removesuffix(".getstring")) if call.endswith(".getstring") else None
    try:
        return value.decode(encoding) if encoding else None
    except UnicodeDecodeError:
        return None
