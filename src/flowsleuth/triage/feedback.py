"""What ratings teach: how much more or less suspicious their neighbours are, in nats, added to the surprise.

A rating says that a suspect is bad (severity 1; severity 2 too, at half weight) or fine (severity 3). What it says of
others goes by what they share with it. Each suspect belongs to a source, a destination, a service, the pairs of these,
all three together and a server name (:data:`FACTORS`), and the odds that it is bad are modelled as

``logit P(bad) = a + b (surprise - usual) + u_source + u_destination + u_service + … + u_name``

with every ``u`` drawn around 0 (:mod:`.crossed_effects`). The sum of a flow's ``u`` over ``b`` is its *effect*:
log-odds turned into nats of surprise, so that ``surprise + effect`` orders flows as the model does. Whatever shares
nothing with a rated suspect has effect 0, and without ratings all effects are exactly 0.

Why this model. High and low both teach. A wrong rating among right ones is outvoted. Influence is bounded: what a
rating adds to a sum of ``u`` is at most the sum of the squared spreads of what is shared with it, so one low rating on
a busy service moves another source's flow on it by at most ``0.5 / b`` nats, one high rating the rest of its source's
flows by at most ``1 / b``; a hundred ratings that agree say less than twice what ten say, since the odds saturate; and
all that is rated of other sources lowers a flow by :data:`MOST_BY_OTHERS` nats and no more.

The detector is not refitted and its surprise stays as it is, which keeps what nobody has rated in view: feedback here
re-orders an anomaly ranking as in active anomaly discovery (Das, Wong, Dietterich, Fern and Emmott, *Incorporating
expert feedback into active anomaly discovery*, ICDM 2016; Siddiqui, Fern, Dietterich and others, *Feedback-guided
anomaly discovery via online optimization*, KDD 2018), but learns effects of what flows share instead of weights inside
the detector, so it works with any detector and can say why in words. Crossed effects: Gelman and Hill, *Data Analysis
Using Regression and Multilevel/Hierarchical Models*, 2007.

Blind spots: whatever shares no address, service or name with a rated suspect learns nothing. Times, sizes and outcomes
are not shared things: a bad transfer between two hosts that also talk in good faith raises both. What is rated comes
from the top of the queue, so the base rate ``a`` is that of the rated and is not used.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from flowsleuth.triage.crossed_effects import CrossedEffects, Observations, Priors, fit_crossed_effects
from flowsleuth.triage.rated_things import Things, rated_things
from flowsleuth.triage.shared_factors import Codes, Factor

if TYPE_CHECKING:
    import pyarrow as pa

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

FACTORS: tuple[tuple[tuple[str, ...], float], ...] = (
    (("src",), 1.0),
    (("dst",), 1.0),
    (("service",), 0.5),
    (("src", "dst"), 2.0),
    (("src", "service"), 2.0),
    (("dst", "service"), 2.0),
    (("src", "dst", "service"), 3.0),
    (("name",), 1.0),
)
"""What suspects share, and the variance of its effects, in squared nats of log-odds.

A variance of 1 says that hosts differ in their odds by a factor of e either way. What is shared by few says more: a
pair more than a host, the very same conversation most; a service, which all may use, least.
"""
INTERCEPT = (0.0, 1.0)
"""A rated suspect is bad or not with even odds before anything is known, give or take a factor of e."""
SLOPE = (0.5, 0.2)
"""Log-odds for a nat of surprise: 1 if the parts of a surprise were independent, but they overlap, about half."""
LEAST_SLOPE = 0.25
"""Ratings that contradict the surprise do not make it mean less than this: at most 4 nats for one of log-odds."""
MOST_BY_OTHERS = 3.0
"""Nats that a flow may lose by what was rated of other sources: to be one of twenty, not to be out of sight.

Only ratings of its own source lower it further. An analyst who says a hundred times that a file server is fine has not
said so of who has never been there.
"""
LOW, HIGH, HIGH_OR_MEDIUM = 0, 1, 2
VERDICTS = ("low", "high", "high or medium")


@dataclass(frozen=True)
class FeedbackOptions:
    """How ratings are learnt from.

    Attributes
    ----------
    half_life_days : float
        Age, counted back from the newest rating, at which a rating counts half.
    strength : float
        All spreads are multiplied by it: 0.5 trusts ratings less, 0 switches learning off.
    """

    half_life_days: float = 30.0
    strength: float = 1.0


@dataclass(frozen=True)
class Judgement:
    """What was taught about some rows.

    Attributes
    ----------
    nats : array of float64, shape (n,)
        The effect; 0 where nothing is shared.
    factor : array of int64, shape (n,)
        Place in :data:`FACTORS` of what says most of it; -1 where nothing is shared.
    verdict : array of int64, shape (n,)
        Place in :data:`VERDICTS`: how those were rated that agree with the effect.
    alike, of : array of int64, shape (n,)
        How many of the rated things that share the factor were rated so, of how many.
    """

    nats: Floats
    factor: Ints
    verdict: Ints
    alike: Ints
    of: Ints


class Taught:
    """What a set of ratings teaches; get one from :func:`learn`.

    Attributes
    ----------
    digest : str
        Short hash of the ratings and options it was learnt from; the empty text when nothing was taught.
    slope : float
        Log-odds for a nat of surprise, as learnt and used.
    """

    def __init__(self, codes: Codes, factors: list[Factor], slope: float, digest: str) -> None:
        self._codes, self._factors = codes, factors
        self.slope = slope
        self.digest = digest

    @property
    def is_empty(self) -> bool:
        """Whether nothing was taught."""
        return not self._factors

    @property
    def names(self) -> pa.Array:
        """Server names that something was taught about."""
        return self._codes.texts["name"]

    def effect(self, rows: pa.Table) -> Floats:
        """Nats to add to the surprise of each row.

        Parameters
        ----------
        rows : pyarrow.Table
            ``src_ip``, ``dst_ip``, ``proto``, ``service_port``, ``server_name``; null (or no column) shares nothing,
            but a protocol without a port is a service.

        Returns
        -------
        array of float64, shape (n,)
        """
        own, by_others = np.zeros(len(rows)), np.zeros(len(rows))
        for factor, at in zip(self._factors, self._find(rows), strict=True):
            total = own if "src" in factor.names else by_others
            total += np.append(factor.effect, 0.0)[at]
        return own / self.slope + np.maximum(by_others / self.slope, -MOST_BY_OTHERS)

    def judge(self, rows: pa.Table) -> Judgement:
        """The effect of each row and what it rests on; see :class:`Judgement`."""
        nats = self.effect(rows)
        best = np.zeros(len(rows))
        factor, verdict, alike, of = (np.full(len(rows), start, dtype=np.int64) for start in (-1, 0, 0, 0))
        sign = np.where(nats < 0, -1.0, 1.0)
        for place, (one, at) in enumerate(zip(self._factors, self._find(rows), strict=True)):
            agrees = sign * np.append(one.effect, 0.0)[at]
            better = np.flatnonzero(agrees > best)
            best[better] = agrees[better]
            member, is_up = at[better], sign[better] > 0
            factor[better] = place
            bad, medium, low = one.bad[member], one.medium[member], one.low[member]
            verdict[better] = np.where(is_up, np.where(medium > 0, HIGH_OR_MEDIUM, HIGH), LOW)
            alike[better] = np.where(is_up, bad, low)
            of[better] = bad + low
        return Judgement(nats, factor, verdict, alike, of)

    def why(self, rows: pa.Table) -> list[str | None]:
        """In words and numbers, one text a row; None where nothing was taught.

        Examples
        --------
        >>> import datetime as dt, pyarrow as pa
        >>> made = [dt.datetime(2024, 5, 1, tzinfo=dt.UTC)] * 2
        >>> labels = pa.table({"src_ip": ["10.0.0.5"] * 2, "dst_ip": ["192.0.2.1", "192.0.2.2"],
        ...     "proto": ["tcp"] * 2, "service_port": [445, 445], "server_name": pa.nulls(2, pa.string()),
        ...     "surprise": [12.0, 11.0], "severity": [1, 1], "flows": [1, 1], "made": made})
        >>> learn(labels).why(labels.set_column(1, "dst_ip", pa.array(["192.0.2.3", "192.0.2.3"])))[0]
        '2 of 2 rated suspects from 10.0.0.5 on 445/tcp were high: +1.7 nats'
        """
        if self.is_empty:
            return [None] * len(rows)
        found = self.judge(rows)
        said: list[str | None] = [None] * len(rows)
        is_said = np.flatnonzero(found.factor >= 0)
        for at, row in zip(is_said.tolist(), rows.take(is_said).to_pylist(), strict=True):
            said[at] = _say(found, at, row)
        return said

    def _find(self, rows: pa.Table) -> list[Ints]:
        codes = self._codes.of(rows) if self._factors else {}
        return [factor.find(codes, self._codes.sizes) for factor in self._factors]


def learn(labels: pa.Table, options: FeedbackOptions | None = None) -> Taught:
    """Learn from ratings.

    Parameters
    ----------
    labels : pyarrow.Table
        One row per rated suspect, or flow: ``src_ip dst_ip proto service_port server_name surprise severity flows
        made``; ``suspect_id``, ``flow_id``, ``detector``, ``date``, ``label_id`` and ``is_live`` are heeded where they
        are there (see :func:`.rated_things.rated_things`). ``surprise`` is the detector's own, without what ratings
        taught; null counts as usual.
    options : FeedbackOptions, optional

    Returns
    -------
    Taught
    """
    options = options or FeedbackOptions()
    things = rated_things(labels, options.half_life_days)
    if not len(things) or options.strength <= 0:
        return Taught(Codes.empty(), [], 1.0, "")
    codes = Codes.distinct(things.rows)
    at = codes.of(things.rows)
    factors = [Factor.over(names, at, codes.sizes) for names, _ in FACTORS]
    members = [factor.find(at, codes.sizes) for factor in factors]
    fitted = _fit(things, factors, members, options.strength)
    for factor, member, effect in zip(factors, members, fitted.effects, strict=True):
        factor.learn(effect, member, things)
    digest = hashlib.sha256(
        things.digest().encode() + repr((options, FACTORS, SLOPE, LEAST_SLOPE, MOST_BY_OTHERS)).encode()
    ).hexdigest()[:16]
    return Taught(codes, factors, max(LEAST_SLOPE, fitted.slope), digest)


def _fit(things: Things, factors: list[Factor], members: list[Ints], strength: float) -> CrossedEffects:
    spread = tuple(strength * float(np.sqrt(variance)) for _, variance in FACTORS)
    sizes = [factor.size for factor in factors]
    members = [np.where(at < factor.size, at, -1) for at, factor in zip(members, factors, strict=True)]
    observed = Observations(things.outcome, things.weight, things.surprise, members, sizes)
    fitted = fit_crossed_effects(observed, Priors(INTERCEPT, SLOPE, spread))
    if fitted.slope < LEAST_SLOPE:
        fitted = fit_crossed_effects(observed, Priors(INTERCEPT, (LEAST_SLOPE, 1e-4), spread))
    return fitted


def _say(found: Judgement, at: int, row: dict[str, Any]) -> str:
    names = FACTORS[int(found.factor[at])][0]
    port = row["service_port"]
    service = row["proto"] if port is None else f"{port}/{row['proto']}"
    shared = {
        "src": f"from {row['src_ip']}",
        "dst": f"to {row['dst_ip']}",
        "service": f"on {service}",
        "name": f"for {row.get('server_name')}",
    }
    alike, of = int(found.alike[at]), int(found.of[at])
    suspects = "suspect" if of == 1 else "suspects"
    were = "was" if alike == 1 else "were"
    where = " ".join(shared[name] for name in names)
    verdict = VERDICTS[int(found.verdict[at])]
    return f"{alike} of {of} rated {suspects} {where} {were} {verdict}: {found.nats[at]:+.1f} nats"
