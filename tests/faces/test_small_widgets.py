"""The small widgets: their values, limits, memory, and that what is hostile or secret goes nowhere."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from collections.abc import Iterator

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from flowsleuth.errors import OptionError
from flowsleuth.query import QueryProvider
from flowsleuth.schema.time_range import TimeRange

widgets = pytest.importorskip("ipywidgets")

from flowsleuth.analyze.alerts import SecurityAlert, create_alert_graph, format_alert  # noqa: E402
from flowsleuth.faces.widgets.remembered import forget  # noqa: E402
from flowsleuth.toolkit import (  # noqa: E402
    EntityGraphBrowser,
    GetEnvironmentKey,
    GetText,
    Lookback,
    OptionButtons,
    Progress,
    QueryTime,
    SelectAlert,
    SelectItem,
    SelectSubset,
)

EVIL = "<img src=x onerror=alert(1)>"
ALERTS = pd.DataFrame(
    {
        "SystemAlertId": ["b", "a", "c"],
        "AlertName": ["Logon", "Scan", EVIL],
        "Severity": ["Low", "High", None],
        "StartTimeUtc": ["2019-02-15 10:00", "2019-02-14 10:00", "2019-02-18 10:00"],
        "Entities": ['[{"Type": "host", "HostName": "WEB1"}]'] * 3,
    },
    index=[7, 8, 9],
)


@pytest.fixture(autouse=True)
def nothing_remembered() -> Iterator[None]:
    forget()
    yield
    forget()


def saved() -> str:
    """What a notebook that is saved has of all widgets."""
    return json.dumps(widgets.Widget.get_manager_state(), default=str)


# windows of time ----------------------------------------------------------------------------------------------------


def test_the_window_of_the_demonstration() -> None:
    times = QueryTime(
        units="day", max_before=20, before=3, after=2, max_after=5, origin_time=dt.datetime(2019, 2, 17),
        auto_display=False,
    )  # fmt: skip
    assert (times.start, times.end) == (
        dt.datetime(2019, 2, 14, tzinfo=dt.UTC),
        dt.datetime(2019, 2, 19, tzinfo=dt.UTC),
    )
    assert (times.before.max, times.after.max) == (20, 5)
    assert TimeRange.of(times) == times.timespan == TimeRange.of("2019-02-14", "2019-02-19")
    text = QueryProvider("Sentinel").SecurityAlert.list_alerts("print", times)
    assert "2019-02-14T00:00:00" in text and "2019-02-19T00:00:00" in text
    assert "2019-02-14T00:00:00Z" in times.shown.value


def test_its_controls_move_it_and_each_other() -> None:
    times = QueryTime(units="hour", origin_time="2019-02-17T12:00+02:00", before=1, after=1)
    assert times.value == TimeRange.of("2019-02-17T09:00Z", "2019-02-17T11:00Z")
    times.slider.value = (-5, 2)
    assert (times.before.value, times.after.value) == (5, 2)
    times.before.value = 10_000  # no more than the most
    assert times.before.value == 120 and times.slider.value == (-120, 2)
    times.units.value = "day"
    assert times.end - times.start == dt.timedelta(days=122)
    times.origin.value = dt.datetime(2020, 1, 1)
    assert times.end == dt.datetime(2020, 1, 3, tzinfo=dt.UTC)
    times.origin.value = None  # emptied by hand: now
    assert abs(times._origin - dt.datetime.now(dt.UTC)) < dt.timedelta(minutes=1)


def test_it_is_set_from_python() -> None:
    times = QueryTime(units="day")
    times.set_time(("2019-02-14", "2019-02-15T06:00"))
    assert times.value == TimeRange.of("2019-02-14", "2019-02-15T06:00")
    assert times.units.value == "hour" and times.before.value == 30
    times.value = TimeRange.of("2019-01-01", "2020-01-01")
    assert times.value == TimeRange.of("2019-01-01", "2020-01-01")
    assert QueryTime(start="2019-02-14", end="2019-02-16").value == TimeRange.of("2019-02-14", "2019-02-16")
    assert QueryTime(timespan="2019-02-14").value == TimeRange.of("2019-02-14")
    for wrong in ({"units": "fortnight"}, {"before": -1}, {"start": "2019-02-14"}):
        with pytest.raises(OptionError):
            QueryTime(**wrong)  # type: ignore[arg-type]
    with pytest.raises(OptionError):
        _ = QueryTime(before=0, after=0).value  # an empty window is no window


def test_values_are_remembered_only_by_an_id() -> None:
    QueryTime(origin_time="2019-02-17", before=3, after=0, units="day", id="case")
    assert QueryTime(units="day", id="case").value == TimeRange.of("2019-02-14", "2019-02-17")
    assert QueryTime(units="day", origin_time="2021-01-01").end.year == 2021
    Lookback(default=9, id="case").slider.value = 7
    assert (Lookback(id="case").value, Lookback().value) == (7, 4)
    GetText("x", id="case").text.value = "web1"
    assert (GetText(id="case").value, GetText("y").value) == ("web1", "y")
    SelectItem("h", ["a", "b"], id="case").value = "b"
    assert (SelectItem("h", ["a", "b"], id="case").value, SelectItem("h", ["a", "b"]).value) == ("b", "a")
    SelectAlert(ALERTS, id="case").value = "c"
    assert SelectAlert(ALERTS, id="case").alert_id == "c"
    subset = SelectSubset(["a", "b"], id="case")
    subset.add_all()
    assert SelectSubset(["a", "b"], id="case").value == ["a", "b"]


def test_looking_back() -> None:
    back = Lookback(default=500, origin_time="2019-02-17", units="h")
    assert (back.value, back.slider.max, back.start.isoformat()) == (500, 500, "2019-01-27T04:00:00+00:00")
    back.slider.value = 24
    assert TimeRange.of(back) == back.time_range == TimeRange.of("2019-02-16", "2019-02-17")
    assert "hour" in back.slider.description


# choosing -----------------------------------------------------------------------------------------------------------


def test_an_alert_is_chosen_and_shown() -> None:
    seen: list[str] = []

    def show(row: pd.Series) -> object:
        alert = SecurityAlert(row)
        seen.append(str(alert.id))
        return format_alert(alert)

    select = SelectAlert(alerts=ALERTS, action=show, columns=["AlertName", "Severity"])
    assert [label.split(" - ")[1] for label, _ in select.items] == ["Scan", "Logon", EVIL]  # the earliest first
    assert select.selected_alert.name == 8 and select.alert_id == "a"  # the index of the frame stays
    select._w_select_alert.index = 2
    assert select.value["SystemAlertId"] == "c" and seen == ["a", "c"]
    shown = select.below.children[0].value
    assert "&lt;img src=x" in shown and EVIL not in shown
    select.filter.value = "logon"
    assert select.alert_id == "b" and len(select.listed.options) == 1
    select.filter.value = "nothing like it"
    assert select.value is None and select.alert_id is None
    select.filter.value = ""
    select.value = "a"
    assert select.alert_id == "a"


def test_alerts_of_any_make_within_a_window() -> None:
    for frame in (pl.from_pandas(ALERTS), pa.Table.from_pandas(ALERTS, preserve_index=False)):
        assert SelectAlert(frame, default_alert="b").selected_alert["AlertName"] == "Logon"
    times = QueryTime(units="day", origin_time="2019-02-15", before=0, after=1)
    select = SelectAlert(ALERTS, time_range=times)
    assert [select._ids[at] for _, at in select.items] == ["b"]
    assert SelectAlert(ALERTS, default_alert="Logon").alert_id == "b"  # by its name
    ended = ALERTS.assign(EndTimeUtc=["2019-02-15 10:00", "2019-02-19 10:00", None])
    assert SelectAlert(ended, time_col="EndTimeUtc").label == "2019-02-15 10:00:00 - Logon - Low - b"
    assert [at for _, at in SelectAlert(ended, time_col="EndTimeUtc").items] == [0, 1, 2]
    assert SelectAlert(ALERTS, default_alert="no such").alert_id == "a"
    own = pa.table({"event_id": [1, 2], "name": ["x", "x"], "start": pa.array([0, 0], pa.timestamp("us", tz="UTC"))})
    assert len(SelectAlert(own).listed.options) == 2
    assert SelectAlert(ALERTS.head(0)).value is None
    with pytest.raises(OptionError, match="no such column"):
        SelectAlert(ALERTS, columns=["AlertNam"])


def test_what_an_action_gives_is_shown_and_its_errors_are_told() -> None:
    def action(value: str) -> object:
        if value == "bad":
            raise RuntimeError(EVIL)
        return (value, pd.DataFrame({"x": [EVIL]}), pd.Series([EVIL]), widgets.Label("w"), None)

    select = SelectItem("Pick", ["good", "bad"], action=action)
    values = [getattr(one, "value", "") for one in select.below.children]
    assert len(values) == 4 and not any(EVIL in value for value in values)
    select.value = "bad"
    assert "RuntimeError" in select.told.value and EVIL not in select.told.value and not select.below.children
    select.value = "good"
    assert len(select.below.children) == 4
    with pytest.raises(OptionError, match="not among"):
        select.value = "other"
    with pytest.raises(OptionError, match="nothing to choose"):
        SelectItem("Pick")


def test_pairs_mappings_and_the_first() -> None:
    assert SelectItem("n", [("one", 1), ("two", 2)], value=2).label == "two"
    assert SelectItem("n", item_dict={"one": 1}).value == 1
    assert SelectItem("n", item_list=[]).value is None
    many = SelectItem("n", [str(at) for at in range(5_000)])
    assert len(many.listed.options) == 2_000 and "2,000 are listed" in many.counted.value
    many.filter.value = "4999"
    assert many.value == "4999"
    many.value = "4998"  # is listed, too
    assert many.value == "4998" and len(many.listed.options) == 2_000
    assert SelectItem("n", [str(at) for at in range(5_000)], value="4997").value == "4997"


def test_a_subset() -> None:
    subset = SelectSubset({"Web": 80, "DNS": 53, EVIL: 1}, default_selected=["DNS", "none"])
    assert subset.value == subset.selected_values == [53]
    subset.search.value = "we"
    subset.add_all()
    assert subset.selected_items == ["DNS", "Web"]
    subset.chosen_items.value = ("DNS",)
    subset.remove()
    assert subset.value == [80]


# texts, keys, buttons, bars -----------------------------------------------------------------------------------------


def test_a_secret_is_set_and_stands_nowhere() -> None:
    environ: dict[str, str] = {}
    asked = GetEnvironmentKey("VT_API_KEY", help_str="of your account", environ=environ)
    assert isinstance(asked.text, widgets.Password) and "of your account" in asked.told.value
    asked.text.value = "s3cret-31415"  # as Enter does
    assert environ == {"VT_API_KEY": "s3cret-31415"} and asked.value == "s3cret-31415"
    assert "s3cret" not in saved() + repr(asked) + asked.told.value + str(asked)
    again = GetEnvironmentKey("VT_API_KEY", environ=environ)
    assert again.text.value == "" and "is set" in again.told.value and "s3cret" not in saved()
    plain = GetEnvironmentKey("HOST_NAME", environ=environ)
    assert isinstance(plain.text, widgets.Text) and not isinstance(plain.text, widgets.Password)
    for name in ("MY_TOKEN", "password", "DB_PWD", "AUTH_HEADER", "azure_client_secret"):
        assert GetEnvironmentKey(name, environ=environ).is_secret, name


def test_a_question_is_answered_or_answers_itself() -> None:
    async def press(question: OptionButtons) -> str:
        asyncio.get_running_loop().call_later(0.15, question.buttons["No"].click)
        return await question.wait()

    question = OptionButtons("Go on?", ["Yes", "No"], timeout=5)
    assert asyncio.run(press(question)) == question.value == "No"
    assert all(button.disabled for button in question.buttons.values())
    late = OptionButtons("Go on?", options=["Yes", "No"], default="no", timeout=0.2)
    assert asyncio.run(late.wait()) == late.value == "No" and "No answer within" in late.told.value
    with pytest.raises(OptionError, match="no such button"):
        OptionButtons(default="maybe")


def test_a_bar() -> None:
    bar = Progress(10, visible=False)
    assert bar.layout.display == "none"
    bar.show()
    bar.update_progress(delta=4)
    bar.update_progress(new_total=9)
    assert (bar.value, bar.max, bar.share.value) == (9, 10, "90%")
    bar.update_progress(delta=50)
    assert (bar.value, bar.bar.bar_style) == (10, "success")
    bar(type("Told", (), {"done": 1, "total": 4})())
    assert bar.share.value == "25%"
    bar(type("Told", (), {"done": 0, "total": 9})())  # another call begins
    assert (bar.value, bar.share.value) == (0, "0%")
    with pytest.raises(OptionError):
        Progress(0)


# the graph ----------------------------------------------------------------------------------------------------------


def test_the_graph_grows_by_hand() -> None:
    frame = ALERTS.assign(CompromisedEntity="WEB1")
    browser = EntityGraphBrowser(create_alert_graph(frame.iloc[0], frame), expands=True)
    assert len(browser.figure.spec["nodes"]) == 2
    browser.figure.picked = {"name": "host:web1", "label": "WEB1", "kind": "host"}
    assert browser.value == "host:web1" and browser.thing.name == "web1"
    assert len(browser.figure.spec["nodes"]) == 4 and "2 new nodes" in browser.told.value
    browser.nodes.value = "alert:c"
    assert EVIL not in browser.card.value and "&lt;img" in browser.card.value
    browser.note.value = EVIL
    browser.add_note()
    assert "note:1" in browser.graph and browser.note.value == ""
    browser.nodes.value = "note:1"
    assert EVIL not in browser.card.value
    browser.remove()
    assert "note:1" not in browser.graph
    with pytest.raises(OptionError, match="empty"):
        browser.add_note()
    browser.figure.picked = {"name": "no such node"}  # from another time
