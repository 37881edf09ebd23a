"""Steps that take texts apart: what is encoded in a column."""

from __future__ import annotations

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
