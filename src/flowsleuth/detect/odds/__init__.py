"""How rare a number is among the like of it: tails of peers, far tails, and the share of usual ones with as much."""
