"""Steps that find indicators of compromise."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


class Extracting:
    """The steps; :class:`~flowsleuth.faces.frames.accessor.Chain` has them."""

    _frame: pd.DataFrame

    def ioc_extract(
        self,
        columns: str | Sequence[str] | None = None,
        *,
        ioc_types: str | Iterable[str] | None = None,
        include_paths: bool = False,
    ) -> pd.DataFrame:
        """Indicators of compromise; see :meth:`flowsleuth.extract.ioc.extractor.IoCExtract.extract`.

        Examples
        --------
        >>> import pandas
        >>> from flowsleuth.faces.frames import Chain
        >>> lines = pandas.DataFrame({"CommandLine": ["whoami", "curl hxxp://evil[.]com/x"]})
        >>> Chain(lines).ioc_extract("CommandLine")[["IoCType", "Observable", "SourceIndex"]].values.tolist()
        [['url', 'http://evil.com/x', 1], ['dns', 'evil.com', 1]]
        """
        from flowsleuth.extract.ioc.extractor import IoCExtract

        found: pd.DataFrame = IoCExtract().extract(
            data=self._frame, columns=columns, ioc_types=ioc_types, include_paths=include_paths
        )
        return found
