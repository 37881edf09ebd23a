"""How a display looks: what its callers may ask for, the same for all kinds of figures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flowsleuth.errors import OptionError

LEGENDS = ("left", "right", "inline", "none")
SIZES_PX = (100, 10_000)
NAMED = {
    "beige": "#c8b88a", "black": "#1b2430", "blue": "#2166b8", "brown": "#8a5a2b", "cadetblue": "#4f8f94",
    "crimson": "#c0143c", "cyan": "#0b8fa3", "darkblue": "#123a7a", "darkgreen": "#1d5a26", "darkpurple": "#4a2d80",
    "darkred": "#8e1b1b", "firebrick": "#b22222", "gold": "#a98600", "gray": "#5f6b79", "green": "#2e7d37",
    "grey": "#5f6b79", "indigo": "#4b2a91", "lightblue": "#6aa5dc", "lightgray": "#a9b3be", "lightgreen": "#7cb87f",
    "lightred": "#e08a84", "magenta": "#a92a8f", "maroon": "#7a1f2b", "navy": "#0f2f66", "olive": "#6b7a1e",
    "orange": "#b4500f", "pink": "#c9568b", "purple": "#6f4bb8", "red": "#c02c2c", "salmon": "#d4705e",
    "silver": "#98a3af", "teal": "#0b7384", "tomato": "#cf4a33", "violet": "#8e5bb5", "white": "#dfe4e9",
    "yellow": "#a98600",
}  # fmt: skip
"""Names of colours, in shades that can be seen on light and on dark ground."""


@dataclass(frozen=True)
class Look:
    """Wishes; what is None is left to the figure.

    Attributes
    ----------
    height, width : int or None
        Pixels on the screen, 100 to 10,000.
    legend : ``left``, ``right``, ``inline``, ``none`` or None
        Where names are listed; a click on one hides what it names.
    yaxis : bool
        Whether the names or numbers at the axis are shown.
    range_tool : bool
        Whether there is a slider for the range of time.

    Raises
    ------
    OptionError
        Out of range.

    Examples
    --------
    >>> Look(height=300, range_tool=False).told()
    {'height': 300, 'range_tool': False}
    """

    height: int | None = None
    width: int | None = None
    legend: str | None = None
    yaxis: bool = True
    range_tool: bool = True

    def __post_init__(self) -> None:
        for name in ("height", "width"):
            value = getattr(self, name)
            low, high = SIZES_PX
            if value is not None and (
                isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high
            ):
                raise OptionError("not a number of pixels", where=f"{name}={value!r}", hint=f"{low} to {high}")
        if self.legend is not None and self.legend not in LEGENDS:
            raise OptionError("no such place of a legend", where=str(self.legend), available=LEGENDS)

    def told(self) -> dict[str, Any]:
        """What was asked for and is not as usual."""
        usual = Look()
        return {name: value for name, value in vars(self).items() if value != getattr(usual, name)}


def colour_of(name: str | None) -> str | None:
    """A colour as ``#rrggbb``; None is left to the figure.

    Raises
    ------
    OptionError
        It is neither a name of :data:`NAMED` nor ``#rrggbb``.

    Examples
    --------
    >>> colour_of("Red"), colour_of("#0B7384"), colour_of(None)
    ('#c02c2c', '#0b7384', None)
    """
    if name is None:
        return None
    word = str(name).strip().lower()
    if word in NAMED:
        return NAMED[word]
    if len(word) == 7 and word[0] == "#" and set(word[1:]) <= set("0123456789abcdef"):
        return word
    raise OptionError("no such colour", where=str(name)[:40], available=sorted(NAMED), hint="or #rrggbb")
