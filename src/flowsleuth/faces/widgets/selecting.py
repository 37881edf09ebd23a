"""One of a list: items, or alerts of a frame, with a filter and what follows when one is chosen."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import ipywidgets as widgets

from flowsleuth.errors import OptionError
from flowsleuth.faces.widgets import parts
from flowsleuth.faces.widgets.panel import Panel
from flowsleuth.faces.widgets.remembered import remember, remembered
from flowsleuth.schema.printable import printable_text
from flowsleuth.schema.tabular import column_names, need_columns, text_column, to_table
from flowsleuth.schema.time_range import TimeRange
from flowsleuth.viz.event_bins import timestamps
from flowsleuth.viz.moments import moments_of

MOST = 2_000
"""Items that a browser lists; the filter finds the others."""
_TIMES = ("StartTimeUtc", "TimeGenerated", "start", "StartTime")
_IDS = ("SystemAlertId", "alert_id", "event_id")
_SHOWN = (("AlertDisplayName", "AlertName", "name"), ("Severity", "severity"), ("CompromisedEntity", "host"))


class SelectItem(Panel):
    """Choose one of a list.

    Parameters
    ----------
    description : str
    options, item_list, item_dict : list or mapping, optional
        What can be chosen; of a mapping the keys are shown and the values are chosen.
    action : callable, optional
        Told the value when one is chosen; what it gives back is shown below.
    value : optional
        Chosen to begin with; the first when not given.
    id : str, optional
        Under which the last value is remembered while this Python runs.
    auto_display : bool
    display_filter : bool
    height, width : str

    Examples
    --------
    >>> said = []
    >>> select = SelectItem("Host", {"WEB1": 1, "DB2": 2, "WEB3": 3}, action=said.append)
    >>> select.filter.value = "web"
    >>> select.listed.index = 1
    >>> select.value, select.label, said
    (3, 'WEB3', [1, 3])
    """

    def __init__(
        self, description: str = "Select an item", options: Iterable[Any] | Mapping[str, Any] | None = None,
        action: Callable[[Any], Any] | None = None, value: Any = None, *, item_list: Iterable[Any] | None = None,
        item_dict: Mapping[str, Any] | None = None, id: str | None = None, auto_display: bool = False,
        display_filter: bool = True, height: str = "140px", width: str = "60%",
    ) -> None:  # fmt: skip
        self.id, self.action = id, action
        given = options if options is not None else item_list if item_list is not None else item_dict
        if given is None:
            raise OptionError("nothing to choose from", where="SelectItem", hint="SelectItem(options=[…])")
        self.items = parts.labelled(given)
        self.filter = parts.text_box("Filter", "part of a name")
        self.filter.continuous_update = True
        self.listed = widgets.Select(options=[], layout=widgets.Layout(width=width, height=height))
        self.counted, self.below = widgets.HTML(), widgets.VBox()
        label = parts.heading(description)
        super().__init__([label, *([self.filter] if display_filter else []), self.listed, self.counted, self.below])
        self._place: int | None = None
        first = remembered("SelectItem", id, value)
        self._list(next((at for at, (_, one) in enumerate(self.items) if first is not None and one == first), None))
        self.filter.observe(lambda _: self._list(self._place), names="value")
        self.listed.observe(lambda change: self._chosen(change["new"]), names="value")
        self._chosen(self.listed.value)
        if auto_display:
            self.display()

    @property
    def value(self) -> Any:
        """What is chosen; None when nothing is."""
        return None if self._place is None else self.items[self._place][1]

    @value.setter
    def value(self, wanted: Any) -> None:
        at = next((at for at, (_, one) in enumerate(self.items) if one == wanted), None)
        if at is None:
            raise OptionError("not among the items", where=printable_text(wanted)[:80])
        self.filter.value = ""
        self._list(at)

    @property
    def label(self) -> str | None:
        """How it is shown."""
        return None if self._place is None else self.items[self._place][0]

    def _list(self, keep: int | None) -> None:
        """List what fits the filter; what was chosen stays chosen while it is listed, else the first is."""
        word = self.filter.value.strip().casefold()
        fits = [at for at, (label, _) in enumerate(self.items) if word in label.casefold()]
        shown = fits[:MOST]
        if keep in fits[MOST:]:
            shown[-1] = keep
        self.listed.options = [(self.items[at][0], at) for at in shown]
        wanted = keep if keep in shown else (shown[0] if shown else None)
        if self.listed.value != wanted:
            self.listed.value = wanted
        more = f"; {MOST:,} are listed" if len(fits) > MOST else ""
        self.counted.value = f"{len(fits):,} of {len(self.items):,}{more}"

    def _chosen(self, place: int | None) -> None:
        if place == self._place:
            return
        self._place = place
        if place is not None:
            remember("SelectItem", self.id, self.value)
            self.run(self.action, self.value, self.below)


class SelectAlert(SelectItem):
    """Choose an alert of a frame.

    Parameters
    ----------
    alerts : pandas, polars or Arrow table, or Rows
        Never changed.
    action : callable, optional
        Told the row of the alert when one is chosen - a pandas row of a pandas frame, else a mapping -, so that
        ``SecurityAlert(row)`` makes an object of it; what it gives back is shown below.
    columns : list of str, optional
        What a line tells; time, name, severity and host when not given.
    id_col, time_col : str, optional
        Found when not told.
    default_alert : str, optional
        Id of the alert that is chosen to begin with, or a part of its name; the first when not given.
    time_range : optional
        Only alerts within it: anything that ``TimeRange.of`` reads, as a :class:`QueryTime`.
    id : str, optional
        Under which the last choice is remembered while this Python runs.
    auto_display : bool

    Examples
    --------
    >>> import pandas
    >>> alerts = pandas.DataFrame({"SystemAlertId": ["a", "b"], "AlertName": ["Scan", "<b>Logon</b>"],
    ...     "StartTimeUtc": ["2019-02-14", "2019-02-15"]})
    >>> select = SelectAlert(alerts, default_alert="b")
    >>> select.selected_alert["AlertName"], select.label
    ('<b>Logon</b>', '2019-02-15 00:00:00 - <b>Logon</b> - b')
    >>> select.filter.value = "scan"
    >>> select.value["SystemAlertId"], select.alert_id
    ('a', 'a')
    """

    def __init__(
        self, alerts: Any, action: Callable[[Any], Any] | None = None, columns: list[str] | None = None, *,
        auto_display: bool = False, id_col: str | None = None, time_col: str | None = None,
        default_alert: str | None = None, time_range: Any = None, id: str | None = None, height: str = "200px",
        width: str = "95%",
    ) -> None:  # fmt: skip
        self.alerts = alerts
        there = column_names(alerts)
        self.id_col = id_col or next((name for name in _IDS if name in there), None)
        self.time_col = time_col or next((name for name in _TIMES if name in there), None)
        need_columns(alerts, [name for name in (*(columns or ()), self.id_col, self.time_col) if name])
        found = (next((name for name in group if name in there), None) for group in _SHOWN)
        shown = columns or [name for name in found if name is not None]
        self._ids, lines, places = self._lines(shown, time_range)
        chosen = remembered("SelectAlert", id, default_alert)
        first = self._place_of(chosen, places)
        self._own_id = id
        super().__init__(
            "Select an alert", dict(zip(_different(lines), places, strict=True)), action, first,
            auto_display=auto_display, height=height, width=width,
        )  # fmt: skip

    def _place_of(self, wanted: str | None, places: list[int]) -> int | None:
        """The alert of an id, else the earliest that has it in its name."""
        if wanted is None:
            return None
        by_id = next((at for at in places if self._ids[at] == wanted), None)
        named = next((name for name in _SHOWN[0] if name in column_names(self.alerts)), None)
        if by_id is not None or named is None:
            return by_id
        names = text_column(self.alerts, named).to_pylist()
        return next((at for at in places if wanted.casefold() in (names[at] or "").casefold()), None)

    def _lines(self, columns: list[str], time_range: Any) -> tuple[list[str | None], list[str], list[int]]:
        """Ids of all alerts; lines and places of those within the window, the earliest first."""
        size = len(self.alerts)
        ids = text_column(self.alerts, self.id_col).to_pylist() if self.id_col else [str(at) for at in range(size)]
        cells = [text_column(self.alerts, name).to_pylist() for name in columns]
        micros = moments_of(self.alerts, self.time_col).micros if self.time_col else None
        moments = [None] * size if micros is None else timestamps(micros).to_pylist()
        window = TimeRange() if time_range is None else TimeRange.of(time_range)
        places = [at for at, seen in enumerate(moments) if window.is_open or (seen is not None and seen in window)]
        places.sort(key=lambda at: (moments[at] is None, moments[at], at))
        lines = []
        for at in places:
            seen = moments[at]
            told = [
                "" if seen is None else seen.strftime("%Y-%m-%d %H:%M:%S"),
                *(column[at] for column in cells),
                ids[at],
            ]
            lines.append(printable_text(" - ".join(" ".join(str(one).split()) for one in told if one)))
        return ids, lines, places

    @property
    def value(self) -> Any:
        """The chosen alert: a pandas row of a pandas frame, else a mapping; None when there is none."""
        return self.selected_alert

    @value.setter
    def value(self, alert_id: Any) -> None:
        at = next((at for at, one in enumerate(self._ids) if one == str(alert_id)), None)
        place = next((place for place, (_, one) in enumerate(self.items) if at is not None and one == at), None)
        if place is None:
            raise OptionError("no such alert", where=printable_text(alert_id)[:80])
        self.filter.value = ""
        self._list(place)

    @property
    def selected_alert(self) -> Any:
        """The chosen alert, as :attr:`value`."""
        if self._place is None:
            return None
        at = self.items[self._place][1]
        if hasattr(self.alerts, "iloc"):
            return self.alerts.iloc[at]
        return to_table(self.alerts).slice(at, 1).to_pylist()[0]

    @property
    def alert_id(self) -> str | None:
        """Its id."""
        return None if self._place is None else self._ids[self.items[self._place][1]]

    @property
    def _w_select_alert(self) -> widgets.Select:
        """The list, by the name that MSTICPy's own demonstration sets it by."""
        return self.listed

    def _chosen(self, place: int | None) -> None:
        super()._chosen(place)
        remember("SelectAlert", self._own_id, self.alert_id)


def _different(lines: list[str]) -> list[str]:
    """Lines of which none is like another."""
    seen: dict[str, int] = {}
    found = []
    for line in lines:
        seen[line] = seen.get(line, 0) + 1
        found.append(line if seen[line] == 1 else f"{line} ({seen[line]})")
    return found
