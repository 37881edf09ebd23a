"""RITA v5's threat score: the points of each indicator, the flat ones, the modifiers and the names of severity."""

from __future__ import annotations

import math

import numpy as np
import pytest

from flowsleuth.detect.kernels.rita_threat import (
    BEACON_STEPS,
    LONG_STEPS_S,
    SUBDOMAIN_STEPS,
    bucketed,
    rita_severity,
    rita_threat,
)


def threat(beacon=math.nan, long_s=0.0, n_subdomains=0, n_connections=10, is_intel=False, **modifiers) -> float:
    given = {name: [value] for name, value in modifiers.items()}
    return rita_threat([beacon], [long_s], [n_subdomains], [n_connections], [is_intel], **given).tolist()[0]


@pytest.mark.parametrize("steps", [BEACON_STEPS, LONG_STEPS_S, SUBDOMAIN_STEPS])
def test_the_points_of_the_table(steps):
    base, low, medium, high = steps
    values = [base - 1, base, (base + low) / 2, low, (low + medium) / 2, medium, (medium + high) / 2, high, 2 * high]
    assert bucketed(values, steps).tolist() == pytest.approx([0, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.8])


def test_each_indicator_alone():
    assert threat(beacon=0.85) == 0.55
    assert threat(long_s=7_200) == 0.266667  # a third of the way from 1 h to 4 h
    assert threat(n_subdomains=650) == 0.5
    assert threat(n_connections=86_400) == 0.8
    assert threat(is_intel=True) == 0.8


def test_the_worst_indicator_counts_not_the_sum():
    assert threat(beacon=0.7, long_s=28_800, n_subdomains=100) == 0.6


def test_pairs_without_an_indicator_are_no_finding():
    assert math.isnan(threat(long_s=3_599, n_subdomains=99, n_connections=86_399, prevalence=0.0, first_seen_days=0))
    assert math.isnan(threat(long_s=math.nan))


def test_a_weak_beacon_is_stored_and_only_its_modifiers_count():
    assert threat(beacon=0.3) == 0.0
    assert threat(beacon=0.3, prevalence=0.01, first_seen_days=1) == 0.3


@pytest.mark.parametrize(
    ("share", "delta"), [(0.0, 0.15), (0.02, 0.15), (0.021, 0), (0.49, 0), (0.5, -0.15), (1, -0.15), (math.nan, 0)]
)
def test_prevalence(share, delta):
    assert threat(beacon=0.9, prevalence=share) == pytest.approx(0.6 + delta)


@pytest.mark.parametrize(("days", "delta"), [(0, 0.15), (7, 0.15), (7.01, 0), (29.9, 0), (30, -0.15), (math.nan, 0)])
def test_first_seen(days, delta):
    assert threat(beacon=0.9, first_seen_days=days) == pytest.approx(0.6 + delta)


def test_modifiers_add_up():
    assert threat(beacon=1.0, prevalence=0.01, first_seen_days=3) == 1.1
    assert threat(beacon=1.0, prevalence=0.6, first_seen_days=3) == 0.8


def test_severity_at_its_edges():
    scores = [1.1, 0.800001, 0.8, 0.6, 0.599999, 0.4, 0.399999, 0.2, 0.199999, 0, -0.3, math.nan]
    names = ["Critical", "Critical", "High", "High", "Medium", "Medium", "Low", "Low", "None", "None", "None", "None"]
    assert rita_severity(scores).tolist() == names


def test_sums_that_land_on_an_edge_are_not_lost_to_the_last_bit():
    # 0.45 + 0.15 and 0.65 + 0.15: beacon 0.75 and 0.925
    scores = rita_threat([0.75, 0.925], [0, 0], [0, 0], [10, 10], [False, False], prevalence=[0.01, 0.01])
    assert scores.tolist() == [0.6, 0.8]
    assert rita_severity(scores).tolist() == ["High", "High"]


def test_nothing_at_all():
    nothing = np.array([])
    assert rita_threat(nothing, nothing, nothing, nothing, nothing).shape == (0,)
    assert rita_severity(nothing).shape == (0,)
