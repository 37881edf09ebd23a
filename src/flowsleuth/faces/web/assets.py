"""The application's files: read once, compressed once, named by their content so that browsers keep them for good."""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
import re
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING

from starlette.responses import HTMLResponse, Response

from flowsleuth.faces.web.answers import error_answer

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    from starlette.requests import Request

ROOM = "flowsleuth.faces.views"
PAGE = "app.html"
FOR_GOOD = "private, max-age=31536000, immutable"
ASK_AGAIN = "private, no-cache"
COMPRESSED = ("text/", "application/javascript", "application/json", "image/svg+xml")
_REFERENCE = re.compile(r"""(?P<before>\b(?:src|href)=["'])/?static/(?P<name>[\w./-]+)(?P<after>["'])""")
_TYPES = {".js": "text/javascript", ".mjs": "text/javascript", ".json": "application/json", ".svg": "image/svg+xml"}


@dataclass(frozen=True)
class Asset:
    """One file.

    Attributes
    ----------
    body : bytes
    packed : bytes or None
        gzip; None where that gains nothing.
    digest : str
        Of the content.
    media_type : str
    """

    body: bytes
    packed: bytes | None
    digest: str
    media_type: str

    @classmethod
    def of(cls, name: str, body: bytes) -> Asset:
        """Make one of a file's content."""
        suffix = f".{name.rpartition('.')[2]}"
        media_type = _TYPES.get(suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
        packed = gzip.compress(body, 9, mtime=0) if media_type.startswith(COMPRESSED) else None
        is_smaller = packed is not None and len(packed) < len(body)
        return cls(body, packed if is_smaller else None, hashlib.sha256(body).hexdigest()[:16], media_type)


class Assets:
    """Files below ``static``, served by name; the page names them with their digests.

    Parameters
    ----------
    files : mapping of str to bytes
        Path below ``static`` → content.
    """

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = {name: Asset.of(name, body) for name, body in files.items() if name != PAGE}
        self.page = self._with_digests(files[PAGE].decode("utf-8")) if PAGE in files else None

    @classmethod
    def installed(cls) -> Assets:
        """Those in the package."""
        try:
            folder = resources.files(ROOM).joinpath("static")
        except ModuleNotFoundError:
            return cls({})
        return cls(dict(_walk(folder, "")) if folder.is_dir() else {})

    def _with_digests(self, page: str) -> str:
        def named(match: re.Match[str]) -> str:
            asset = self.files.get(match["name"])
            version = f"?v={asset.digest}" if asset else ""
            return f"{match['before']}/static/{match['name']}{version}{match['after']}"

        return _REFERENCE.sub(named, page)

    def answer_page(self) -> Response:
        """The application's page; always asked for again, because it names the newest files."""
        if self.page is None:
            return error_answer("the application's files are not in this installation", 501, hint="make web")
        return HTMLResponse(self.page, headers={"Cache-Control": ASK_AGAIN})

    def answer_file(self, request: Request, name: str) -> Response:
        """One file; not sent again to who has it."""
        asset = self.files.get(name)
        if asset is None:
            return error_answer("no such file", 404, where=name[:200])
        tag = f'"{asset.digest}"'
        is_named = request.query_params.get("v") == asset.digest
        headers = {"ETag": tag, "Cache-Control": FOR_GOOD if is_named else ASK_AGAIN, "Vary": "Accept-Encoding"}
        if tag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        if asset.packed is not None and "gzip" in request.headers.get("accept-encoding", ""):
            headers["Content-Encoding"] = "gzip"
            return Response(asset.packed, headers=headers, media_type=asset.media_type)
        return Response(asset.body, headers=headers, media_type=asset.media_type)


def _walk(folder: Traversable, prefix: str) -> list[tuple[str, bytes]]:
    found = []
    for entry in folder.iterdir():
        if entry.is_dir():
            found += _walk(entry, f"{prefix}{entry.name}/")
        elif not entry.name.startswith((".", "__")):
            found.append((f"{prefix}{entry.name}", entry.read_bytes()))
    return found
