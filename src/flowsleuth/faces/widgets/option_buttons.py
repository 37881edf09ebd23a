"""A question with buttons, that may be waited for, and answers itself after a while."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable

import ipywidgets as widgets

from flowsleuth.errors import OptionError
from flowsleuth.faces.widgets.panel import Panel
from flowsleuth.faces.widgets.parts import heading

LOOKED_EVERY_S = 0.1
DEFAULT = ("Yes", "No", "Cancel")


class OptionButtons(Panel):
    """Press one of some buttons; ``await question.display_async()`` waits for it.

    Parameters
    ----------
    description : str
    buttons, options : iterable of str
    default : str, optional
        The answer when the time is over; the first button when not given.
    timeout : float
        Seconds that are waited; 0 is for ever.
    auto_display : bool

    Examples
    --------
    >>> question = OptionButtons("Go on?", ["Yes", "No"])
    >>> question.buttons["No"].click()
    >>> question.value
    'No'
    """

    def __init__(
        self, description: str = "Select an option to continue", buttons: Iterable[str] | None = None,
        default: str | None = None, timeout: float = 0, *, options: Iterable[str] | None = None,
        auto_display: bool = False,
    ) -> None:  # fmt: skip
        names = list(dict.fromkeys(buttons or options or DEFAULT))
        by_fold = {name.casefold(): name for name in names}
        if default is not None and default.casefold() not in by_fold:
            raise OptionError("no such button", where=default, available=names)
        self.default = names[0] if default is None else by_fold[default.casefold()]
        self.timeout, self.value = timeout, None
        self.buttons = {name: widgets.Button(description=name, tooltip=name) for name in names}
        for name, one in self.buttons.items():
            one.on_click(lambda _, name=name: self._pressed(name))
        self.left = widgets.Label()
        super().__init__([heading(description), widgets.HBox([*self.buttons.values(), self.left])])
        if auto_display:
            self.display()

    value: str | None
    """The button that was pressed, or the default when the time was over; None until then."""

    def _pressed(self, name: str) -> None:
        self._end(name)
        self.told.say(f"Answer: {name}")

    def _end(self, answer: str) -> None:
        self.value = answer
        self.left.value = ""
        for name, one in self.buttons.items():
            one.disabled = True
            one.button_style = "primary" if name == answer else ""

    async def wait(self) -> str:
        """Wait for the answer.

        A notebook hears of buttons while a cell waits where the kernel has subshells (ipykernel 7 and JupyterLab 4.4
        or newer); elsewhere only the time-out ends it.
        """
        end = time.monotonic() + self.timeout if self.timeout else None
        while self.value is None:
            if end is not None:
                left = end - time.monotonic()
                if left <= 0:
                    self._end(self.default)
                    self.told.say(f"No answer within {self.timeout:g} seconds: {self.default}")
                    break
                self.left.value = f"{self.default} in {left:.0f} s"
            await asyncio.sleep(LOOKED_EVERY_S)
        assert self.value is not None
        return self.value

    async def display_async(self) -> str:
        """Show it, and wait for the answer."""
        self.display()
        return await self.wait()
