"""Steps that decode a column, and that mask a frame for sharing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from flowsleuth.extract.decoding import DecodeLimits


class Decoding:
    """The steps; :class:`~flowsleuth.faces.frames.accessor.Chain` has them."""

    _frame: pd.DataFrame

    def b64extract(self, column: str, *, limits: DecodeLimits | None = None) -> pd.DataFrame:
        """Decode base64, hex and archives in a column; see :func:`flowsleuth.extract.decoding.unpack_df`.

        Parameters
        ----------
        column : str
        limits : DecodeLimits, optional

        Raises
        ------
        OptionError
            There is no such column.

        Examples
        --------
        >>> import pandas
        >>> from flowsleuth.faces.frames import Chain
        >>> lines = pandas.DataFrame({"CommandLine": ["dir", "powershell -enc dwBoAG8AYQBtAGkA"]})
        >>> Chain(lines).b64extract("CommandLine")[["src_index", "decoded_string"]].values.tolist()
        [[1, 'whoami']]
        """
        from flowsleuth.extract.decoding import unpack_df

        found: pd.DataFrame = unpack_df(self._frame, column, limits=limits)
        return found

    def decoded_iocs(
        self,
        columns: str | Sequence[str],
        *,
        ioc_types: str | Iterable[str] | None = None,
        include_paths: bool = False,
        limits: DecodeLimits | None = None,
    ) -> pd.DataFrame:
        """Indicators in what is encoded in columns; see :func:`flowsleuth.extract.decoded_iocs.decoded_iocs`.

        Parameters
        ----------
        columns : str or sequence of str
        ioc_types : str or iterable of str, optional
        include_paths : bool
        limits : DecodeLimits, optional

        Raises
        ------
        OptionError
            There is no such column or type.

        Examples
        --------
        >>> import pandas
        >>> from flowsleuth.faces.frames import Chain
        >>> lines = pandas.DataFrame({"CommandLine": ["powershell -enc cABpAG4AZwAgADgALgA4AC4AOAAuADgA"]})
        >>> Chain(lines).decoded_iocs("CommandLine")["Observable"].tolist()
        ['8.8.8.8']
        """
        from flowsleuth.extract.decoded_iocs import decoded_iocs

        found: pd.DataFrame = decoded_iocs(
            self._frame, columns, ioc_types=ioc_types, include_paths=include_paths, limits=limits
        )
        return found

    def mask(self, columns: Mapping[str, str] | str = "auto", *, key: bytes | str | None = None) -> pd.DataFrame:
        """A copy that can be shared; see :func:`flowsleuth.extract.masking.mask`.

        Parameters
        ----------
        columns : mapping of str to str, or "auto"
            Column to kind.
        key : bytes or str, optional
            With the same key equal values become equal in other frames too.

        Raises
        ------
        OptionError
            No such column or kind, or a key that is too short.

        Examples
        --------
        >>> import pandas
        >>> from flowsleuth.faces.frames import Chain
        >>> commands = ["net user eve /add", "ping 10.1.2.3"]
        >>> lines = pandas.DataFrame({"CommandLine": commands, "Account": ["eve", "SYSTEM"]})
        >>> shared = Chain(lines).mask()
        >>> "eve" in str(shared), shared["Account"].tolist()[1], shared["CommandLine"][1].startswith("ping 10.")
        (False, 'SYSTEM', True)
        """
        from flowsleuth.extract.masking import mask

        masked: pd.DataFrame = mask(self._frame, columns, key=key)
        return masked
