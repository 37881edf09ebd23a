"""Queries as functions, in groups: completion, help, the text without running."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from flowsleuth.query.definitions import Parameter, QueryDefinition

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from flowsleuth.query.provider import QueryProvider

_TYPES = {"int": int, "float": float, "bool": bool, "list": list, "datetime": "datetime"}


class QueryFunction:
    """One query, to be called.

    Call it with keywords, with objects that have the values (an alert, an entity, a row, a window of time), or both;
    keywords go first. ``split_by="1D"`` asks for the window in parts, side by side; a part that fails is told by a
    warning and in ``report_of(result)``. ``print_query=True``, or ``"print"`` as an argument, gives the text and asks
    nobody; ``"help"`` explains.

    Examples
    --------
    >>> from flowsleuth.query import QueryProvider
    >>> flows = QueryProvider("Sentinel").Network.list_azure_network_flows_by_ip
    >>> print(flows("print", ip_address_list=["192.0.2.7"], start="2024-05-01", end="2024-05-02").splitlines()[0])
    AzureNetworkAnalytics_CL
    """

    def __init__(self, provider: QueryProvider, name: str, definition: QueryDefinition) -> None:
        self._provider = provider
        self.definition = definition
        self.__name__ = definition.name
        self.__qualname__ = name
        self.__doc__ = describe(definition)
        self.__signature__ = _signature(definition)

    def __call__(self, *objects: Any, **given: Any) -> Any:
        """Ask; a DataFrame, or text for ``print`` and ``help``."""
        words = {one.casefold() for one in objects if isinstance(one, str)}
        if words & {"help", "?"}:
            return self.help()
        if "print" in words or given.get("print_query"):
            return self.text(*objects, **given)
        return self.pandas(*objects, **given)

    def pandas(self, *objects: Any, **given: Any) -> pd.DataFrame:
        """Ask, and get pandas; times are UTC."""
        from flowsleuth.query.provider import to_frame

        return to_frame(self.arrow(*objects, **given))

    def arrow(self, *objects: Any, **given: Any) -> pa.Table:
        """Ask, and get Arrow."""
        return self._provider.arrow_of(self.definition, self.__qualname__, *objects, **given)

    def text(self, *objects: Any, **given: Any) -> str:
        """The query as it would be sent; nobody is asked."""
        return self._provider.text_of(self.definition, *objects, **given)

    def help(self) -> str:
        """What it does, its parameters, and its text with their places."""
        text = self.definition.text
        return f"{self.__qualname__} ({self._provider.environment})\n{self.__doc__}\nQuery:\n{text}\n"

    def __repr__(self) -> str:
        return f"<query {self.__qualname__} of {self._provider.environment}>"


class QueryGroup:
    """The queries of one group (msticpy's data family), as methods; a group may hold groups."""

    def __init__(self, provider: QueryProvider, prefix: str) -> None:
        self._provider = provider
        self._prefix = prefix

    def _inner(self) -> set[str]:
        start = f"{self._prefix}."
        return {key.removeprefix(start).split(".")[0] for key in self._provider if key.startswith(start)}

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        full = f"{self._prefix}.{name}"
        if full in self._provider.list_queries():
            return self._provider.query(full)
        if name in self._inner():
            return QueryGroup(self._provider, full)
        raise AttributeError(f"{self._prefix} has no query {name!r}; it has {', '.join(sorted(self._inner()))}")

    def __dir__(self) -> list[str]:
        return sorted(self._inner())

    def __repr__(self) -> str:
        return f"<{len(self._inner())} queries: {self._prefix} of {self._provider.environment}>"


def describe(query: QueryDefinition) -> str:
    """What a query does and what it takes, as a docstring.

    Examples
    --------
    >>> top = Parameter("top", "int", "how many", 5)
    >>> print(describe(QueryDefinition("q", (), (), "T", {"top": top}, "Some rows.")))
    Some rows.
    <BLANKLINE>
    Parameters
    ----------
    top : int, default 5
        how many
    """
    lines = [query.description or "No description.", "", "Parameters", "----------"]
    for parameter in sorted(query.parameters.values(), key=lambda one: not one.is_required):
        lines.append(f"{parameter.name} : {parameter.type}{_default(parameter)}")
        if parameter.description:
            lines.append(f"    {parameter.description}")
        if parameter.aliases:
            lines.append(f"    Also called {', '.join(parameter.aliases)}.")
    return "\n".join(lines if query.parameters else lines[:1])


def _default(parameter: Parameter) -> str:
    if parameter.is_required:
        return ""
    text = " ".join(str(parameter.default).split())
    return f", default {text if len(text) <= 50 else text[:47] + '...'}" if text else ", optional"


def _signature(query: QueryDefinition) -> inspect.Signature:
    """For completion: every parameter by keyword, those without a default first."""
    kinds = inspect.Parameter
    found = [kinds("objects", kinds.VAR_POSITIONAL)]
    for one in sorted(query.parameters.values(), key=lambda one: not one.is_required):
        if one.name.isidentifier() and one.name != "objects":
            default = kinds.empty if one.is_required else one.default
            annotation = _TYPES.get(one.type, str)
            found.append(kinds(one.name, kinds.KEYWORD_ONLY, default=default, annotation=annotation))
    return inspect.Signature(found)
