"""Settings and catalogues: read strictly, refused by name."""

from __future__ import annotations

from importlib.metadata import EntryPoint

import pytest

from flowsleuth.catalogue import Catalogue
from flowsleuth.errors import CatalogueError, FlowsleuthError, OptionError, WorkspaceError
from flowsleuth.settings import FILE_NAME, Settings


def test_settings_survive_the_file(tmp_path):
    settings = Settings(("10.0.0.0/8", "2001:db8::/32"), "Europe/Prague", "sc://localhost:15002")
    (tmp_path / FILE_NAME).write_text(settings.to_toml())
    assert Settings.load(tmp_path) == settings


def test_paths_with_quotes_and_controls_survive_the_file(tmp_path):
    odd = 'C:\\logs\\the "old" ones\n\x7f\u2028'
    settings = Settings(context=odd, geography=(odd,), lists=(odd, "b"))
    (tmp_path / FILE_NAME).write_text(settings.to_toml(), encoding="utf-8")
    assert Settings.load(tmp_path) == settings


def test_wrong_settings_are_told(tmp_path):
    (tmp_path / FILE_NAME).write_text("home = [")
    with pytest.raises(WorkspaceError, match="cannot read"):
        Settings.load(tmp_path)
    (tmp_path / FILE_NAME).write_text('colour = "red"')
    with pytest.raises(WorkspaceError, match="colour"):
        Settings.load(tmp_path)
    with pytest.raises(OptionError, match=r"10\.0\.0\.1/8"):
        Settings(home=("10.0.0.1/8",))
    with pytest.raises(OptionError, match="Nowhere"):
        Settings(tz="Nowhere/Land")


def test_what_is_installed_is_looked_at_once(monkeypatch):
    import flowsleuth.catalogue as module

    asked = []

    def entry_points(group):
        asked.append(group)
        return [EntryPoint("theirs", "pathlib:PurePath", group), EntryPoint("path", "os:sep", group)]

    monkeypatch.setattr("importlib.metadata.entry_points", entry_points)
    module.plugged_in.cache_clear()
    catalogue = Catalogue("flowsleuth.nothing", {"path": "pathlib:Path"})
    assert catalogue.names() == ["path", "theirs"]
    assert catalogue.load("theirs").__name__ == "PurePath"
    assert catalogue.load("path").__name__ == "Path"  # ours is not replaced
    assert asked == ["flowsleuth.nothing"]
    module.plugged_in.cache_clear()


def test_a_catalogue_names_what_there_is():
    catalogue = Catalogue("flowsleuth.nothing", {"path": "pathlib:Path"})
    assert catalogue.names() == ["path"]
    with pytest.raises(CatalogueError, match="path") as caught:
        catalogue.load("road")
    assert isinstance(caught.value, FlowsleuthError)
    assert "road" in str(caught.value)
