"""Defanged spellings (``hxxp://evil[.]example``) back to what they mean, and the other way round.

Only scheme and host are rewritten: what stands in the path of a URL belongs to whoever wrote that URL. One exception:
tools that defang every dot of a URL do so in its path too, so ``[.]`` there is undone when the host had it as well.
"""

from __future__ import annotations

import re

SCHEMES = {
    "http": "http", "https": "https", "hxxp": "http", "hxxps": "https", "htxp": "http", "htxps": "https",
    "hxtp": "http", "hxtps": "https", "h**p": "http", "h**ps": "https", "h__p": "http", "h__ps": "https",
    "hxxxp": "http", "hxxxps": "https", "meow": "http", "meows": "https",
    "ftp": "ftp", "ftps": "ftps", "fxp": "ftp", "fxps": "ftps", "sftp": "sftp", "sfxp": "sftp",
}  # fmt: skip
"""Spellings of URL schemes in reports and tickets, and what they stand for."""
_SCHEME = re.compile(
    r"(?P<scheme>[a-z*_]{3,7})\s*(?:\[://\]|\(://\)|(?:\[:\]|\(:\)|\{:\}|:)(?://|\\/\\/|\[//\]|\[/\]\[/\]))",
    re.IGNORECASE,
)
_SIGNS = re.compile(r"[\[\](){}\\\u3002\uff0e\uff61]")
"""What no host has that is not defanged."""
_END_OF_HOST = re.compile(r"[/?#\\](?!\.)")


def refang(text: str) -> str:
    """What a defanged text means; a text that is not defanged comes back as it is, blanks around it aside.

    Examples
    --------
    >>> refang("hxxps[:]//user(at)evil[.]example[:]8443/a(dot)b?u=hxxp://x")
    'https://user@evil.example:8443/a(dot)b?u=hxxp://x'
    >>> refang("198[.]51[.]100(.)7"), refang("2001[:]db8[:]:1"), refang("mail[at]evil[dot]example")
    ('198.51.100.7', '2001:db8::1', 'mail@evil.example')
    """
    text = text.strip()
    found = _SCHEME.match(text)
    scheme = ""
    if found:
        given = found["scheme"].lower()
        if given in SCHEMES:
            scheme, text = SCHEMES[given] + "://", text[found.end() :]
    end = _END_OF_HOST.search(text)
    host, rest = (text[: end.start()], text[end.start() :]) if end else (text, "")
    plain = _refang_host(host)
    if "[.]" in host:
        rest = rest.replace("[.]", ".")
    return scheme + plain + rest


def _refang_host(host: str) -> str:
    """The spellings that the scan of :mod:`flowsleuth.extract.ioc` knows, undone."""
    if not _SIGNS.search(host):
        return host
    from flowsleuth.extract.ioc.kernels.canonical import put_host
    from flowsleuth.extract.ioc.words import tables

    text = host.encode("utf-8", "surrogatepass")
    plain = bytearray(len(text))
    end = put_host(text, 0, len(text), 0, tables(), plain, 0)
    return plain[:end].decode("utf-8", "surrogatepass")


def defang(text: str) -> str:
    """A spelling that no program makes a link of.

    Examples
    --------
    >>> defang("https://evil.example/a.b"), defang("198.51.100.7"), defang("2001:db8::1")
    ('hxxps://evil[.]example/a.b', '198[.]51[.]100[.]7', '2001[:]db8[:][:]1')
    >>> refang(defang("https://evil.example/a.b"))
    'https://evil.example/a.b'
    """
    scheme, separator, rest = text.partition("://")
    if not separator:
        if "." not in text and text.count(":") > 1:
            return text.replace(":", "[:]")
        return text.replace("@", "[at]").replace(".", "[.]")
    end = re.search(r"[/?#]", rest)
    host, path = (rest[: end.start()], rest[end.start() :]) if end else (rest, "")
    hidden = {"http": "hxxp", "https": "hxxps", "ftp": "fxp", "ftps": "fxps", "sftp": "sfxp"}.get(
        scheme.lower(), scheme
    )
    return f"{hidden}://{host.replace('@', '[at]').replace('.', '[.]')}{path}"
