"""A text, or a value of the environment such as a key, asked for in a notebook."""

from __future__ import annotations

import os
import re
from collections.abc import MutableMapping

import ipywidgets as widgets

from flowsleuth.faces.widgets.panel import Panel
from flowsleuth.faces.widgets.parts import Told, button
from flowsleuth.faces.widgets.remembered import remember, remembered

_SECRET = re.compile(r"key|secret|token|passw|pwd|auth|cred|private|signature|\bsas\b", re.I)
_WIDE = widgets.Layout(width="520px")
_STYLE = {"description_width": "initial"}


class GetText(Panel):
    """Ask for a text.

    Parameters
    ----------
    default : str, optional
    description, prompt : str
    id : str, optional
        Under which the last text is remembered while this Python runs.
    auto_display : bool

    Examples
    --------
    >>> asked = GetText("web1", prompt="Host")
    >>> asked.text.value = " web2 "
    >>> asked.value
    'web2'
    """

    def __init__(
        self, default: str | None = None, description: str = "Enter the value: ", *, prompt: str | None = None,
        id: str | None = None, auto_display: bool = False,
    ) -> None:  # fmt: skip
        self.id = id
        first = remembered("GetText", id, default) or ""
        self.text = widgets.Text(value=str(first), description=prompt or description, layout=_WIDE, style=_STYLE)
        super().__init__([self.text])
        self.text.observe(lambda _: remember("GetText", id, self.value), names="value")
        if auto_display:
            self.display()

    @property
    def value(self) -> str:
        """The text, without blanks around it."""
        return str(self.text.value).strip()

    @value.setter
    def value(self, text: str) -> None:
        self.text.value = text


class GetEnvironmentKey(Panel):
    """Ask for the value of an environment variable and set it for this Python.

    Where the name says that it is secret (key, token, password …) the field is masked. What is entered is taken out
    of the field at once, so that it stands in no output and in no notebook that is saved; it is never shown again.

    Parameters
    ----------
    env_var : str
    help_str : str, optional
        Shown while the variable is not set.
    description, prompt : str
    is_secret : bool, optional
        Instead of going by the name.
    environ : mapping, optional
        Instead of the environment of this process.
    auto_display : bool

    Examples
    --------
    >>> environ = {}
    >>> asked = GetEnvironmentKey("OTX_API_KEY", environ=environ)
    >>> asked.text.value = "s3cret"
    >>> asked.set()
    >>> asked.value, asked.text.value, "s3cret" in repr(asked) + asked.told.value
    ('s3cret', '', False)
    """

    def __init__(
        self, env_var: str, help_str: str | None = None, description: str = "Enter the value: ", *,
        prompt: str | None = None, is_secret: bool | None = None, environ: MutableMapping[str, str] | None = None,
        auto_display: bool = False,
    ) -> None:  # fmt: skip
        self.name = env_var
        self._environ = os.environ if environ is None else environ
        self.is_secret = bool(_SECRET.search(env_var)) if is_secret is None else is_secret
        kind = widgets.Password if self.is_secret else widgets.Text
        self.text = kind(
            description=prompt or description, continuous_update=False, layout=_WIDE, style=_STYLE,
            placeholder=f"value of {env_var}; Enter sets it",
        )  # fmt: skip
        self.told = Told()
        act = button("Set", self.set, self.told, tip=f"set {env_var} for this Python")
        super().__init__([widgets.HBox([self.text, act])])
        self.text.observe(lambda change: self.set() if change["new"] else None, names="value")
        self.told.say(f"{env_var} is set" if self.value else help_str or f"{env_var} is not set")
        if auto_display:
            self.display()

    @property
    def value(self) -> str | None:
        """The value of the variable; None when it is not set."""
        return self._environ.get(self.name) or None

    def set(self) -> None:
        """Set the variable to what is in the field, and empty the field."""
        given = str(self.text.value).strip()
        if not given:
            return
        self._environ[self.name] = given
        self.text.value = ""
        self.told.say(f"{self.name} is set")

    def __repr__(self) -> str:
        return f"<GetEnvironmentKey {self.name}: {'set' if self.value else 'not set'}>"
