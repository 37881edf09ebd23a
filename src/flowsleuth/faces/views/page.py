"""Figures as one HTML file: still pictures, and the module that makes them live, all of it in the file.

The module travels compressed and is unpacked by the browser; where no script runs, or an old browser cannot, the still
pictures stay. A policy in the page lets nothing be fetched and no other script run, whatever a log says.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from collections.abc import Sequence
from functools import lru_cache

from flowsleuth.faces.views.module import module_text
from flowsleuth.viz import Spec
from flowsleuth.viz.drawn import draw
from flowsleuth.viz.page_style import STYLE
from flowsleuth.viz.svg import clean, svg

LOADER = """
async function unpack(id) {
  const packed = Uint8Array.from(atob(document.getElementById(id).textContent), (c) => c.charCodeAt(0));
  return new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
}
async function start() {
  const [code, told] = await Promise.all([unpack("module"), unpack("specs")]);
  const { draw } = await import(URL.createObjectURL(new Blob([code], { type: "text/javascript" })));
  JSON.parse(told).forEach((spec, i) => {
    const still = document.getElementById("figure-" + i);
    const live = document.createElement("div");
    live.className = "live";
    still.after(live);
    try {
      draw(live, spec, { theme: "light", caption: false });
      still.remove();
    } catch (error) {
      live.remove();
      throw error;
    }
  });
}
start().catch((error) => console.warn("the still pictures stay:", error));
"""
OWN = """
figure.live,.live{margin:0}.note{white-space:pre-wrap}main{max-width:1180px}
section{padding:20px 40px}header{padding:26px 40px 14px}h1{font-size:24px}
"""


def figures_page(specs: Sequence[Spec], title: str, foot: str = "") -> str:
    """A page of figures that runs offline.

    Parameters
    ----------
    specs : sequence of dict
        See :mod:`flowsleuth.viz`.
    title : str
        Of the page; text of any origin.
    foot : str
        A line at the end.

    Examples
    --------
    >>> spec = {"kind": "tree", "title": "<b>", "note": "", "absent": "</script><script>alert(1)", "root": {}}
    >>> page = figures_page([spec], "<img onerror=alert(1)>")
    >>> page.count("<script"), "<img" in page, len(page) < 600_000
    (3, False, True)
    """
    body = "".join(_section(at, spec, title) for at, spec in enumerate(specs))
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_policy()}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{clean(title)}</title><style>{STYLE}{OWN}</style></head>\n<body><main>\n"
        f"<header><h1>{clean(title)}</h1></header>\n{body}\n"
        f"{f'<footer>{clean(foot)}</footer>' if foot else ''}</main>\n"
        f'<script type="text/plain" id="specs">{_packed(_json(specs))}</script>\n'
        f'<script type="text/plain" id="module">{_module()}</script>\n'
        f"<script>{LOADER}</script></body></html>\n"
    )


def _section(at: int, spec: Spec, title: str) -> str:
    """A still picture in the place of the live one, with its note."""
    drawing = draw(spec)
    still = f'<p class="absent">{clean(spec["absent"] or "")}</p>' if drawing is None else svg(drawing, with_tips=False)
    head = f"<h2>{clean(spec['title'])}</h2>" if spec["title"] and spec["title"] != title else ""
    note = f'<p class="note">{clean(spec["note"].rstrip("."))}.</p>' if spec["note"] else ""
    return f'<section class="figure">{head}<figure id="figure-{at}">{still}</figure>{note}</section>'


def _json(specs: Sequence[Spec]) -> str:
    return json.dumps(list(specs), ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _packed(text: str) -> str:
    # a lone surrogate of a log has no UTF-8
    return base64.b64encode(gzip.compress(text.encode("utf-8", "replace"), 9, mtime=0)).decode("ascii")


@lru_cache(maxsize=1)
def _module() -> str:
    return _packed(module_text("figures.js"))


@lru_cache(maxsize=1)
def _policy() -> str:
    """Only the loader of this file, and what it unpacks, may run."""
    known = base64.b64encode(hashlib.sha256(LOADER.encode()).digest()).decode("ascii")
    return (
        f"default-src 'none'; script-src 'sha256-{known}' blob:; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
