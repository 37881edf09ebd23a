"""What attacks look like as flow records: synthetic, from a seed, to be put among real flows in a test.

Numbers and texts in, arrays out: nothing here reads a table or knows an engine.
"""

from flowsleuth.attacks.scene import AttackFlows, Scene
from flowsleuth.attacks.techniques import TECHNIQUES, Technique, chosen_techniques

__all__ = ["TECHNIQUES", "AttackFlows", "Scene", "Technique", "chosen_techniques"]
