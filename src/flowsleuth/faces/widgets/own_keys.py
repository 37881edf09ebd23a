"""Keys of a panel stay the panel's: JupyterLab takes arrow keys for its cells wherever no text is being written."""

from __future__ import annotations

import anywidget

_MARK = """
export default {
  render({ el }) {
    el.style.display = "none";
    let box = null;
    let tries = 0;
    const own = (event) => event.target.setAttribute("data-lm-suppress-shortcuts", "true");
    const find = () => {
      box = el.closest(".widget-box");
      if (box) box.addEventListener("focusin", own); // JupyterLab looks at the element that has the keyboard
      else if (tries++ < 100) requestAnimationFrame(find);
    };
    find();
    return () => box?.removeEventListener("focusin", own);
  },
};
"""


class OwnKeys(anywidget.AnyWidget):
    """Put into a box, it keeps JupyterLab's shortcuts from the box's lists and sliders; it shows nothing.

    Examples
    --------
    >>> "data-lm-suppress-shortcuts" in OwnKeys()._esm
    True
    """

    _esm = _MARK
