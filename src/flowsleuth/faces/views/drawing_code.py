"""The browser module that draws figures, sent once to a notebook, however many figures it has."""

from __future__ import annotations

import anywidget
import traitlets

from flowsleuth.faces.views.module import module_text

LOADER = """
const modules = (globalThis.__flowsleuth_drawing ??= new Map());

function drawing(model) {
  const id = model.get("code").replace("IPY_MODEL_", "");
  if (!modules.has(id)) modules.set(id, load(model, id));
  return modules.get(id);
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

export default {
  async render({ model, el }) {
    return (await drawing(model)).render({ model, el });
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
