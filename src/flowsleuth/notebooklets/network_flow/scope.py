"""Whose flows they are: the addresses that count as the host, as a condition for the engine and as a mask."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flowsleuth.investigate.target import Condition, Target, condition, is_listable, one_of

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

    from flowsleuth.notebooklets.run import Run


@dataclass(frozen=True)
class Scope:
    """The host: one address, several, or a network.

    Attributes
    ----------
    target : Target or None
        The address or network that was asked for; None for a host that is known by name.
    addresses : tuple of str
        Its addresses as the stored rows have them.

    Examples
    --------
    >>> import pyarrow as pa
    >>> Scope(None, ("10.0.0.5", "2001:db8::5")).owns(pa.array(["2001:db8::5", "10.0.0.6", None])).tolist()
    [True, False, False]
    """

    target: Target | None
    addresses: tuple[str, ...]

    @classmethod
    def of(cls, run: Run) -> Scope:
        """As the first step found it."""
        target = Target(run.asked.text) if run.asked.kind == "IpAddress" else None
        return cls(target, tuple(run["host_addresses"]["address"].to_pylist()))

    @property
    def is_network(self) -> bool:
        """Whether a network was asked for, not a host."""
        return self.target is not None and not self.target.is_address

    @property
    def is_mine(self) -> Condition:
        """Whether a column of addresses is the host's."""
        if self.target is None:
            return one_of(list(self.addresses))
        return condition(self.target, None if is_listable(self.target) else self.addresses)

    def owns(self, addresses: pa.Array | pa.ChunkedArray) -> npt.NDArray[np.bool_]:
        """Which addresses of a column are the host's; null is not."""
        import pyarrow as pa
        import pyarrow.compute as pc

        if self.target is not None:
            return self.target.owns(pc.fill_null(addresses, ""))
        found = pc.is_in(addresses, value_set=pa.array(self.addresses, pa.string()))
        return _mask(found)


def _mask(found: pa.Array | pa.ChunkedArray) -> npt.NDArray[np.bool_]:
    import numpy as np

    return np.asarray(found.to_numpy() if hasattr(found, "chunks") else found.to_numpy(zero_copy_only=False), bool)
