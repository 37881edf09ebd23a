"""The names that users of MSTICPy know: each is there, and the manual's table names no other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from flowsleuth import toolkit

PAGE = Path(__file__).parent.parent / "docs" / "from-msticpy.md"


@pytest.mark.parametrize("name", sorted(toolkit.NAMES))
def test_every_name_is_there(name: str) -> None:
    assert callable(getattr(toolkit, name))
    assert name in dir(toolkit)


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    assert not hasattr(toolkit, "no_such_tool")


def test_names_stand_in_order() -> None:
    assert list(toolkit.NAMES) == sorted(toolkit.NAMES, key=str.lower)


def test_the_manual_has_every_name_and_no_other() -> None:
    named = set(re.findall(r"`toolkit\.(\w+)", PAGE.read_text(encoding="utf-8")))
    assert named == set(toolkit.NAMES)
