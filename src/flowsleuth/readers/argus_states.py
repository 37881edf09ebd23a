"""Argus' words for states, where they say with certainty what Zeek's or ICMP's words say.

TCP states of ``ra -Z b`` are the flags that each side sent, ``SRC_DST``, in no order. So only these are certain (E, C
and U are ignored; ``S`` in both halves is a handshake):

=========  ====================================================================================
S0         source sent nothing but SYN, destination nothing; also REQ with no byte from the destination
REJ        source sent nothing but SYN, destination RST without SYN
S1         handshake with ACK from both; neither FIN nor RST
SF         handshake with ACK from both; FIN from both, no RST
S2, S3     handshake with ACK from both; FIN from the source only, the destination only, no RST
RSTO       handshake with ACK from both; RST from the source only, no FIN
RSTR       handshake with ACK from both; RST from the destination only, no FIN
RSTOS0     source sent SYN and RST, destination nothing
SH         source sent SYN and FIN without RST, destination nothing
OTH        neither SYN, FIN nor RST from either side
=========  ====================================================================================

All others (FIN and RST, half-seen handshakes, …) depend on the order of packets and stay null. UDP is SF when both
sides sent, S0 when only the source did, as Zeek counts it. A state that is one of Zeek's words is taken as it is.
"""

from __future__ import annotations

import re

ZEEK_STATES = frozenset({"S0", "S1", "SF", "REJ", "S2", "S3", "RSTO", "RSTR", "RSTOS0", "RSTRH", "SH", "SHR", "OTH"})

_FLAGS = re.compile(r"^([FSRPAUEC]*)_([FSRPAUEC]*)$")
_ICMP_UNREACHABLE = {
    "URN": 0, "URH": 1, "URO": 2, "URP": 3, "URF": 4, "URS": 5, "URNU": 6, "URHU": 7, "URISO": 8, "URNPRO": 9,
    "URHPRO": 10, "URNTOS": 11, "URHTOS": 12, "URFIL": 13, "URPRE": 14, "URCUT": 15,
}  # fmt: skip
_ICMP_TYPES = {
    "ECR": 0, "SRC": 4, "RED": 5, "ECO": 8, "RTA": 9, "RTS": 10, "TXD": 11, "PAR": 12, "TST": 13, "TSR": 14, "IRQ": 15,
    "IRR": 16, "MAS": 17, "MSR": 18,
}  # fmt: skip
_ONE_CODE = ("ECR", "ECO", "SRC", "TST", "TSR", "IRQ", "IRR", "MAS", "MSR")
"""ICMP messages that have code 0 only."""


def flag_halves(state: str) -> tuple[frozenset[str], frozenset[str]] | None:
    """The TCP flags of source and destination, or None when the state is no pair of flags.

    Examples
    --------
    >>> [sorted(half) for half in flag_halves("FSPA_SRA")]
    [['A', 'F', 'P', 'S'], ['A', 'R', 'S']]
    """
    found = _FLAGS.match(state)
    return (frozenset(found[1]), frozenset(found[2])) if found else None


def tcp_state(state: str) -> str | None:
    """Zeek's word for a TCP state, or None where Argus' word does not settle it.

    Examples
    --------
    >>> [tcp_state(word) for word in ("S_", "S_RA", "FSPA_FSPA", "FSRPA_FSPA", "A_", "CON")]
    ['S0', 'REJ', 'SF', None, 'OTH', None]
    """
    if state in ZEEK_STATES:
        return state
    halves = flag_halves(state)
    if halves is None:
        return None
    src, dst = (half - set("ECU") for half in halves)
    if not (src | dst) & set("SFR"):
        return "OTH"
    return _begun(src, dst) if "S" in src else None


def _begun(src: frozenset[str], dst: frozenset[str]) -> str | None:
    """The state of a connection whose SYN was seen."""
    if not dst:
        return _unanswered(src)
    if src == {"S"}:
        return "REJ" if "R" in dst and not dst & set("SFP") else None
    if "S" in dst and "A" in src and "A" in dst:
        return _established("F" in src, "F" in dst, "R" in src, "R" in dst)
    return None


def _unanswered(src: frozenset[str]) -> str | None:
    if src == {"S"}:
        return "S0"
    if src <= set("SRA") and "R" in src:
        return "RSTOS0"
    return "SH" if src <= set("SFA") and "F" in src else None


def _established(src_fin: bool, dst_fin: bool, src_reset: bool, dst_reset: bool) -> str | None:
    if src_reset or dst_reset:
        if src_fin or dst_fin or (src_reset and dst_reset):
            return None
        return "RSTO" if src_reset else "RSTR"
    if src_fin and dst_fin:
        return "SF"
    return "S2" if src_fin else "S3" if dst_fin else "S1"


def swap_flags(state: str) -> str:
    """A pair of flags with the destination's first; other words stay.

    Examples
    --------
    >>> swap_flags("_RA"), swap_flags("CON")
    ('RA_', 'CON')
    """
    return "_".join(reversed(state.split("_"))) if flag_halves(state) else state


def icmp_type(state: str) -> int | None:
    """ICMP type by Argus' word (``URP``, ``ECO``); None where the word is none of ICMP's."""
    return 3 if state in _ICMP_UNREACHABLE else _ICMP_TYPES.get(state)


def icmp_code(state: str) -> int | None:
    """ICMP code by Argus' word; None where the word leaves it open."""
    return 0 if state in _ONE_CODE else _ICMP_UNREACHABLE.get(state)
