"""The browser module that draws figures, sent once to a notebook, however many figures it has."""

from __future__ import annotations

import anywidget
import traitlets

from flowsleuth.faces.views.module import module_text

LOADER = """
const held = (globalThis.__flowsleuth_drawing ??= { modules: new Map(), last: Promise.resolve() });

function drawing(model) {
  const id = model.get("code").replace("IPY_MODEL_", "");
  if (!held.modules.has(id)) held.modules.set(id, load(model, id));
  return held.modules.get(id);
}

async function load(model, id) {
  const code = await model.widget_manager.get_model(id);
  const url = URL.createObjectURL(new Blob([code.get("source")], { type: "text/javascript" }));
  try {
    return (await import(url)).default;
  } finally {
    URL.revokeObjectURL(url);
  }
}

// figures that wait for the module would all be drawn in one go: the page would hang meanwhile, and anywidget gives
// widgets up that have not come in two seconds
function inTurn(draw) {
  const mine = held.last.then(() => new Promise((go) => setTimeout(go))).then(draw);
  held.last = mine.catch(() => {});
  return mine;
}

export default {
  async render({ model, el }) {
    const code = await drawing(model);
    return inTurn(() => code.render({ model, el }));
  },
};
"""
"""What each figure brings with it: it takes the drawing from the one model that holds it."""


class DrawingCode(anywidget.AnyWidget):
    """Holds the module; shows nothing."""

    _esm = "export default { render() {} };"
    source = traitlets.Unicode().tag(sync=True)

    def __init__(self) -> None:
        super().__init__(source=module_text("figures.js"))


_held: list[DrawingCode] = []


def drawing_code() -> DrawingCode:
    """The one of this kernel; another when it was closed.

    Examples
    --------
    >>> drawing_code() is drawing_code()
    True
    """
    if not _held or _held[0].comm is None:
        _held[:] = [DrawingCode()]
    return _held[0]
