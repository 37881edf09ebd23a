"""Tables and texts masked for sharing, keyed, so that equal values stay equal and networks stay networks."""

from flowsleuth.extract.masking.frames import mask, plan_mask
from flowsleuth.extract.masking.keys import MaskKey
from flowsleuth.extract.masking.kinds import KINDS

__all__ = ["KINDS", "MaskKey", "mask", "plan_mask"]
