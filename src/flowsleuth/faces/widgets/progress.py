"""How far something is, as a bar."""

from __future__ import annotations

from typing import Any

import ipywidgets as widgets

from flowsleuth.errors import OptionError
from flowsleuth.faces.widgets.panel import Panel


class Progress(Panel):
    """A bar that fills; ``ws.lookup(…, progress=Progress(1))`` and the like move it themselves.

    Parameters
    ----------
    completed_len : int
        What is 100 %; at least 1.
    visible : bool
    label : str
    auto_display : bool

    Examples
    --------
    >>> bar = Progress(200)
    >>> bar.update_progress(delta=50)
    >>> bar.value, bar.max, bar.share.value
    (50, 200, '25%')
    """

    def __init__(
        self, completed_len: int = 100, visible: bool = True, *, label: str = "Progress", auto_display: bool = False
    ) -> None:
        if completed_len < 1:
            raise OptionError("at least 1", where=f"completed_len={completed_len}")
        self.bar = widgets.IntProgress(min=0, max=int(completed_len), description=label, bar_style="info")
        self.share = widgets.Label("0%")
        super().__init__([widgets.HBox([self.bar, self.share])])
        if not visible:
            self.hide()
        if auto_display:
            self.display()

    @property
    def value(self) -> int:
        """How far it is."""
        return int(self.bar.value)

    @property
    def max(self) -> int:
        """What is 100 %."""
        return int(self.bar.max)

    def update_progress(self, new_total: int | None = None, delta: int = 0) -> None:
        """Move it: to a value, or by so much; never past its end."""
        done = self.value + delta if new_total is None else new_total
        self.bar.value = min(max(0, int(done)), self.max)
        self.share.value = f"{self.bar.value / self.max:.0%}"
        self.bar.bar_style = "success" if self.bar.value == self.max else "info"

    def __call__(self, told: Any) -> None:
        """Take what a long call tells of: an object with ``done`` and ``total``."""
        self.bar.max = max(1, int(told.total))
        self.update_progress(int(told.done))

    def show(self) -> None:
        """Let it be seen."""
        self.layout.display = None

    def hide(self) -> None:
        """Let it not be seen."""
        self.layout.display = "none"
