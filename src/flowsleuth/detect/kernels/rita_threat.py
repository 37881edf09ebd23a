"""RITA v5's threat score and severity of many pairs at once, from their indicators and modifiers.

Source: RITA v5 (activecm/rita), ``analysis/analysis.go``, ``viewer/results.go`` and ``default_config.hjson``.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from flowsleuth.detect.kernels.rita import STROBE_CONNECTIONS

Floats = NDArray[np.float64]

LEVELS = (0.2, 0.4, 0.6, 0.8)  # score at base, low, medium and high
BEACON_STEPS = (50.0, 70.0, 90.0, 100.0)  # hundred times the beacon score
LONG_STEPS_S = (3_600.0, 14_400.0, 28_800.0, 43_200.0)
SUBDOMAIN_STEPS = (100.0, 500.0, 800.0, 1_000.0)
FLAT_SCORE = 0.8  # of a strobe and of an intelligence hit
MODIFIER = 0.15
PREVALENCE_EDGES = (0.02, 0.5)  # share of internal hosts: rare up to, common from
FIRST_SEEN_EDGES_D = (7.0, 30.0)  # days: new up to, old from
SEVERITIES = ("None", "Low", "Medium", "High", "Critical")


def rita_threat(
    beacon: ArrayLike,
    long_s: ArrayLike,
    n_subdomains: ArrayLike,
    n_connections: ArrayLike,
    is_intel: ArrayLike,
    *,
    prevalence: ArrayLike | None = None,
    first_seen_days: ArrayLike | None = None,
) -> Floats:
    """How threatening each pair is to RITA v5: its worst indicator, moved by prevalence and first seen.

    Parameters
    ----------
    beacon : array of float, shape (n_pairs,)
        Beacon score of :func:`~flowsleuth.detect.kernels.rita.rita_scores`, in [0, 1]; NaN = not scored.
    long_s : array of float, shape (n_pairs,)
        Seconds connected in all, open connections included; NaN = unknown.
    n_subdomains : array of int, shape (n_pairs,)
        Distinct subdomains queried, where the row is a registered domain; else 0.
    n_connections : array of int, shape (n_pairs,)
        Connections in the data set; from 86,400 on the pair is a strobe.
    is_intel : array of bool, shape (n_pairs,)
        Whether a threat feed names the destination.
    prevalence : array of float, shape (n_pairs,), optional
        Share in [0, 1] of the internal hosts that contacted the destination in the last 24 hours: up to 2 % adds
        0.15, from 50 % takes it off. NaN or absent changes nothing.
    first_seen_days : array of float, shape (n_pairs,), optional
        Days since the destination was first seen: up to 7 adds 0.15, from 30 takes it off. NaN or absent changes
        nothing.

    Returns
    -------
    array of float64, shape (n_pairs,)
        From -0.3 to 1.1, high = suspicious, to 6 decimals. NaN where the pair has no indicator: RITA stores no such
        pair, so a modifier never makes a finding. A pair with any beacon score counts as stored, as in RITA.

    Notes
    -----
    RITA's modifiers from HTTP, TLS and DNS content (rare signature, missing host header, type mismatch, domain
    without direct connections) and of bytes to a listed host are not part of this. The score is no probability.

    Examples
    --------
    A perfect beacon to a rare destination, and a three-hour connection to one that half of the hosts use:

    >>> rita_threat([1, np.nan], [0, 10_800], [0, 0], [1440, 1], [False, False], prevalence=[0.01, 0.5]).tolist()
    [0.95, 0.183333]
    """
    shares, seconds = 100 * as_floats(beacon), as_floats(long_s)
    domains, connections = as_floats(n_subdomains), as_floats(n_connections)
    flat = FLAT_SCORE * ((connections >= STROBE_CONNECTIONS) | np.asarray(is_intel, dtype=bool))
    graded = [bucketed(shares, BEACON_STEPS), bucketed(seconds, LONG_STEPS_S), bucketed(domains, SUBDOMAIN_STEPS)]
    worst = np.maximum.reduce([flat, *graded])
    moved = worst + modifier(prevalence, PREVALENCE_EDGES) + modifier(first_seen_days, FIRST_SEEN_EDGES_D)
    return np.where((worst > 0) | ~np.isnan(shares), np.round(moved, 6), np.nan)


def rita_severity(threat: ArrayLike) -> NDArray[np.str_]:
    """Name of each threat score's severity: above 0.8 Critical, from 0.6 High, 0.4 Medium, 0.2 Low; else None.

    Examples
    --------
    >>> rita_severity([0.95, 0.8, 0.6, 0.4, 0.2, 0.1, np.nan]).tolist()
    ['Critical', 'High', 'High', 'Medium', 'Low', 'None', 'None']
    """
    scores = np.nan_to_num(as_floats(threat), nan=0.0)
    rank = np.searchsorted(LEVELS[:-1], scores, side="right") + (scores > LEVELS[-1])
    return np.array(SEVERITIES)[rank]


def bucketed(values: ArrayLike, steps: tuple[float, float, float, float]) -> Floats:
    """Score of an indicator: 0 below the base, then straight from 0.2 to 0.8 through the steps; NaN counts as 0.

    Examples
    --------
    >>> bucketed([49.9, 50, 60, 90, 95, 100], BEACON_STEPS).round(3).tolist()
    [0.0, 0.2, 0.3, 0.6, 0.7, 0.8]
    """
    amounts = as_floats(values)
    return np.where(amounts >= steps[0], np.interp(amounts, steps, LEVELS), 0.0)


def modifier(values: ArrayLike | None, edges: tuple[float, float]) -> Floats:
    """+0.15 up to the lower edge, -0.15 from the upper, 0 between, where unknown, and where nothing is given."""
    amounts = as_floats(np.nan if values is None else values)
    return MODIFIER * ((amounts <= edges[0]).astype(np.float64) - (amounts >= edges[1]))


def as_floats(values: ArrayLike) -> Floats:
    """Values as float64."""
    return np.asarray(values, dtype=np.float64)
