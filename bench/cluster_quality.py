"""What clusters are worth: of what share of rows is the cluster's own template, and which one-offs stand alone."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Sequence


def quality(of_row: Sequence[Hashable], truth: Sequence[int]) -> dict[str, float]:
    """Clusters against templates; one-offs have negative truths, each its own.

    Returns
    -------
    dict
        ``clusters``; ``mixed``: clusters with rows of several templates or one-offs; ``purity``: share of rows that are
        of the most frequent template of their cluster; ``one_offs`` and how many are ``alone``.
    """
    inside: dict[Hashable, Counter[int]] = defaultdict(Counter)
    for cluster, kind in zip(of_row, truth, strict=True):
        inside[cluster][kind] += 1
    pure = sum(kinds.most_common(1)[0][1] for kinds in inside.values())
    one_offs = {kind for kind in truth if kind < 0}
    alone = sum(len(kinds) == 1 and next(iter(kinds)) in one_offs for kinds in inside.values())
    mixed = sum(len(kinds) > 1 for kinds in inside.values())
    return {
        "clusters": len(inside), "mixed": mixed, "purity": pure / max(len(truth), 1), "one_offs": len(one_offs),
        "alone": alone,
    }  # fmt: skip
