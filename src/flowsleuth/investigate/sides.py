"""Who is inside: home networks and internal ranges together, for whole columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flowsleuth.schema.addresses import HomeNetworks, canonical_addresses

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

    from flowsleuth.enrich.range_facts import RangeFacts


@dataclass(frozen=True)
class Inside:
    """Tells internal addresses from external ones.

    Attributes
    ----------
    home : sequence of str
        Home networks, CIDR.
    ranges : RangeFacts or None
        Internal ranges of ``ipranges.csv``.

    Examples
    --------
    >>> import pyarrow as pa
    >>> Inside(["10.0.0.0/8"]).covers(pa.array(["10.1.1.1", "192.0.2.1"])).tolist()
    [True, False]
    """

    home: Sequence[str]
    ranges: RangeFacts | None = None

    def covers(self, addresses: pa.Array | pa.ChunkedArray) -> npt.NDArray[np.bool_]:
        """Which addresses are internal; null is not."""
        import pyarrow as pa

        column = addresses.combine_chunks() if isinstance(addresses, pa.ChunkedArray) else addresses
        found = canonical_addresses(column, HomeNetworks(self.home)).is_home
        return found if self.ranges is None else found | self.ranges.covers(column)
