"""Questions to other people's data, and to this workspace in SQL, as methods of the workspace."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flowsleuth.query import QueryProvider
    from flowsleuth.settings import Settings
    from flowsleuth.store import Store


class QueryMethods:
    """What a workspace asks with."""

    if TYPE_CHECKING:
        folder: Path
        settings: Settings

        @property
        def store(self) -> Store: ...

    @property
    def queries(self) -> QueryProvider:
        """The query library over what is stored here.

        Examples
        --------
        >>> import flowsleuth, tempfile
        >>> with flowsleuth.open(tempfile.mkdtemp() + "/case", create=True) as ws:
        ...     len(ws.queries.Network.list_peers(ip_address="10.0.0.1"))
        0
        """
        return self.query_provider("Workspace")

    def query_provider(self, name: str = "Workspace", **given: Any) -> QueryProvider:
        """A query provider with the settings of this workspace.

        Parameters
        ----------
        name : str
            A section ``[query.NAME]`` of ``flowsleuth.toml``, a workspace or provider of ``msticpyconfig.yaml``
            (``MSTICPYCONFIG`` says where it is), or an environment such as ``LocalData``.
        **given
            Goes before the settings; see :class:`flowsleuth.query.QueryProvider`.

        Raises
        ------
        CatalogueError
            There is neither such a section nor such an environment.
        """
        from flowsleuth.workspace.queries import open_provider, provider_settings

        if name == "Workspace" and "folder" not in given and "store" not in given:
            given["store"] = self.store
        return open_provider(name, provider_settings(self.folder), **given)
