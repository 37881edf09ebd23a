"""Keys of services: where they are found, and a wrapper that never shows them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NoReturn

from flowsleuth.errors import MissingExtraError, OptionError

HIDDEN = "***"
SHORTEST_HIDDEN = 6
"""Shorter texts are not searched for in answers: they would hide half of them."""
Keyring = Callable[[str, str], str | None]


class Secret:
    """A text that is used but never shown, stored or compared.

    Examples
    --------
    >>> Secret("s3cret"), str(Secret("s3cret")), Secret("s3cret").reveal()
    (Secret(***), '***', 's3cret')
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself, for the request that needs it."""
        return self._text

    def __repr__(self) -> str:
        return f"Secret({HIDDEN})"

    def __str__(self) -> str:
        return HIDDEN

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not written anywhere")


def hide(text: str, secrets: Iterable[Secret]) -> str:
    """A text without the secrets that may be in it; services repeat requests in their error pages.

    Examples
    --------
    >>> hide("GET /?key=s3cret", [Secret("s3cret")])
    'GET /?key=***'
    """
    for secret in secrets:
        found = secret.reveal()
        if len(found) >= SHORTEST_HIDDEN:
            text = text.replace(found, HIDDEN)
    return text


def variable(provider: str, name: str) -> str:
    """The environment variable of a key.

    Examples
    --------
    >>> variable("virustotal", "api_key")
    'FLOWSLEUTH_VIRUSTOTAL_API_KEY'
    """
    return f"FLOWSLEUTH_{provider}_{name}".upper()


def find_key(
    setting: Any, variables: Iterable[str], environ: Mapping[str, str], keyring: Keyring | None = None
) -> Secret | None:
    """A key by its setting, or else from the environment.

    Parameters
    ----------
    setting : str or mapping, optional
        The key itself, ``{env = "NAME"}``, or ``{keyring = "service", user = "name"}``.
    variables : iterable of str
        Environment variables; the first that is set counts.
    environ : mapping
        The environment.
    keyring : callable, optional
        From service and user to the password; the package ``keyring`` when not given.

    Raises
    ------
    OptionError
        The setting is of no such form, or names what is not set.
    MissingExtraError
        It is in the keyring, and the package is not installed.

    Examples
    --------
    >>> find_key({"env": "VT"}, [], {"VT": "s3cret"})
    Secret(***)
    """
    if setting is None:
        found = next((environ[name] for name in variables if environ.get(name)), None)
        return None if found is None else Secret(found.strip())
    if isinstance(setting, str) and setting:
        return Secret(setting)
    if isinstance(setting, Mapping) and set(setting) == {"env"}:
        name = str(setting["env"])
        if not environ.get(name):
            raise OptionError("the environment variable is not set", where=name)
        return Secret(environ[name].strip())
    if isinstance(setting, Mapping) and set(setting) == {"keyring", "user"}:
        service, user = str(setting["keyring"]), str(setting["user"])
        found = (keyring or _system_keyring())(service, user)
        if not found:
            raise OptionError("not in the keyring", where=f"{service}, {user}")
        return Secret(found)
    raise OptionError('a key is a text, {env = "NAME"} or {keyring = "SERVICE", user = "NAME"}')


def _system_keyring() -> Keyring:
    try:
        import keyring  # type: ignore[import-not-found, unused-ignore]
    except ImportError:
        raise MissingExtraError("keyring", "keyring") from None
    get: Keyring = keyring.get_password
    return get
