"""What counts as odd among logons."""

from __future__ import annotations

from dataclasses import dataclass, field, fields

from flowsleuth.errors import OptionError


@dataclass(frozen=True)
class LogonOptions:
    """Bounds of the patterns that :func:`~flowsleuth.analyze.logons.find_logon_patterns` looks for.

    Attributes
    ----------
    burst_failures : int
        Failures of one account from one source, without a longer gap, that make a burst.
    burst_gap_s : float
        Longest gap between two failures of a burst, and until the success after it.
    spray_accounts : int
        Accounts that fail from one source, without a longer gap, that make a spray.
    spray_gap_s : float
        Longest gap between two failures of a spray.
    history : int
        Logons of an account before one of them can be new or rare for it.
    new_share : float
        Share of an account's logons that were from a new source (or on a new host) up to which another new one is odd:
        who is always somewhere new has no habit.
    rare_share : float
        Share of an account's logons up to which a type, an hour or a source is rare.
    speed_km_h : float
        Speed between two places above which nobody travels; airliners do some 900.
    distance_km : float
        Distance below which places are not told apart: geography of addresses is that coarse.

    Raises
    ------
    OptionError
        A value is out of bounds.

    Examples
    --------
    >>> LogonOptions(burst_failures=0)
    Traceback (most recent call last):
    ...
    flowsleuth.errors.OptionError: burst_failures=0: not between 2 and 1,000,000
    """

    burst_failures: int = field(default=5, metadata={"bounds": (2, 1_000_000), "help": "failures that make a burst"})
    burst_gap_s: float = field(default=300.0, metadata={"bounds": (1, 86_400), "help": "longest gap in a burst"})
    spray_accounts: int = field(default=10, metadata={"bounds": (3, 1_000_000), "help": "accounts that make a spray"})
    spray_gap_s: float = field(default=1_800.0, metadata={"bounds": (1, 86_400), "help": "longest gap in a spray"})
    history: int = field(default=20, metadata={"bounds": (2, 1_000_000), "help": "logons before one can be odd"})
    new_share: float = field(
        default=0.1, metadata={"bounds": (0, 1), "help": "share of new ones up to which one is odd"}
    )
    rare_share: float = field(default=0.02, metadata={"bounds": (0, 0.5), "help": "share up to which it is rare"})
    speed_km_h: float = field(default=1_000.0, metadata={"bounds": (100, 100_000), "help": "nobody is faster"})
    distance_km: float = field(default=500.0, metadata={"bounds": (10, 20_000), "help": "nearer places are the same"})

    def __post_init__(self) -> None:
        for one in fields(self):
            low, high = one.metadata["bounds"]
            if not low <= getattr(self, one.name) <= high:
                raise OptionError(f"not between {low:,} and {high:,}", where=f"{one.name}={getattr(self, one.name)}")
