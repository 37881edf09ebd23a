"""Sigma rules for process starts, over tables of any schema; with pySigma, which reads them (extra ``sigma``)."""

from flowsleuth.analyze.sigma.loading import SigmaRules, load_sigma
from flowsleuth.analyze.sigma.matching import SigmaMatches, match_sigma

__all__ = ["SigmaMatches", "SigmaRules", "load_sigma", "match_sigma"]
