"""What could not have been seen in the stored flows, and why: the other half of every "nothing was found"."""

from flowsleuth.investigate.blind_spots.find import find_blind_spots
from flowsleuth.investigate.blind_spots.spot import BlindSpot, Finders, as_table

__all__ = ["BlindSpot", "Finders", "as_table", "find_blind_spots"]
