"""How unusual it is that a host uses, or offers, a service: topics over hosts, each judged without its own volume."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowsleuth.detect.days.edges import Edges, Groups
from flowsleuth.detect.days.flow_codes import SPAN
from flowsleuth.detect.dense_codes import distinct, look_up
from flowsleuth.detect.kernels.topics import StepwiseOptions, fit_topics
from flowsleuth.detect.kernels.topics_counts import TopicModel, WordCounts
from flowsleuth.detect.surprise.expected_services import expected_codes
from flowsleuth.detect.surprise.history import Uses
from flowsleuth.detect.tails import nats, rarity_mass
from flowsleuth.errors import DetectorError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

MIN_HOSTS = 3
"""A port that fewer hosts ask for is a word together with its like: of so few, no habit can be learnt."""
LOW_PORTS = 1024
CLIENT, SERVER = 0, 1
PRIOR_HOSTS = 10.0
"""Made-up average hosts that share the expected services: what a network too small to speak for itself is compared
with; of no weight in a network of hundreds."""
PRIOR_WORDS = 5.0
"""Tokens of the average host that every host is given: about one service in common use (log2 of its peers), so that a
host that hardly speaks is judged by all hosts, and one that speaks a lot by its own ways."""
OWN_SHARE = 0.05
"""A host with a larger share of a word is judged without its own volume of it; below, that changes nothing."""
SAME_CHANCE = 1e-9
"""Words whose chances in a topic differ by less, as a share, are as rare as one another: hosts that sweep a range of
ports use them all alike, and the last bits of a sum over hosts must not put an order on them."""
BLOCK = 131_072
TINY = 1e-300
FIT = StepwiseOptions(n_batch_passes=5)
"""Five passes after the stepwise start: the tails of words move by less than their own noise after that."""


@dataclass(frozen=True)
class Vocabulary:
    """Which word an edge is, from either end: (class of the service, role, in vain)."""

    of_service: Ints
    codes: Ints

    def place(self, services: Ints) -> Ints:
        """Classes of service codes: themselves where they are words, else the word of their like."""
        found = look_up(self.codes, services)
        like = look_up(self.codes, _rare(services))
        return np.where(found >= 0, found, np.where(like >= 0, like, 0))

    @property
    def size(self) -> int:
        """Number of words."""
        return int(self.codes.size * 4)

    def word(self, services: Ints, is_server: Any, is_vain: Bools) -> Ints:
        """The word that a use of a service (by place in the day's services) is."""
        words: Ints = (self.of_service[services] * 2 + is_server) * 2 + is_vain
        return words


def make_vocabulary(edges: Edges) -> tuple[Vocabulary, Ints]:
    """Words for services in use; rare ports become one word per protocol and side of 1024. Also: clients by service."""
    users = Groups.by(distinct(edges.service.astype(np.int64) * edges.n_hosts + edges.client) // edges.n_hosts)
    clients = np.zeros(edges.n_services, dtype=np.int64)
    clients[users.keys] = users.size
    rare = _rare(edges.services)
    is_known = np.isin(edges.services, expected_codes())
    named = np.where((clients >= MIN_HOSTS) | is_known, edges.services, rare)
    codes = distinct(np.concatenate([named, expected_codes()]))
    return Vocabulary(np.searchsorted(codes, named), codes), clients


def _rare(services: Ints) -> Ints:
    protos, detail = np.divmod(services, SPAN)
    return -1 - (protos * 2 + (detail >= LOW_PORTS))


@dataclass(frozen=True)
class Habits:
    """How unusual each edge's service is for its two ends.

    Attributes
    ----------
    client, server : array of float64, shape (n_edges,)
        Surprise in nats.
    client_vain, server_vain : array of bool, shape (n_edges,)
        The client asks for the service, or the server is asked for it, without any answer all day.
    model : TopicModel
    """

    client: Floats
    server: Floats
    client_vain: Bools
    server_vain: Bools
    model: TopicModel


def damp(peers: Floats, host: NDArray[Any], n_hosts: int, is_failed: Bools) -> Floats:
    """Tokens of a word in a host's document: ``log2(1 + peers)``; all vain words of a host together only log2 as well.

    So neither a flood on one service nor a sweep over a thousand ports can become a host's way of life.

    Examples
    --------
    >>> damp(np.array([3.0, 4.0, 3.0]), np.array([0, 0, 0]), 1, np.array([False, True, True])).round(3).tolist()
    [2.0, 1.714, 1.286]
    """
    failed = np.bincount(host, weights=peers * is_failed, minlength=n_hosts)[host]
    share = np.divide(peers, failed, out=np.ones_like(peers), where=is_failed & (failed > 0))
    return np.where(is_failed, np.log2(1.0 + failed) * share, np.log2(1.0 + peers))


def learn_habits(edges: Edges, vocabulary: Vocabulary, uses: Uses | None, topics: int, seed: int) -> Habits:
    """Fit topics on (host, word) and judge every edge from both ends.

    A use is *in vain* when the host got (or gave) no answer on the service all day; a failure beside successes is left
    to :func:`.behaviour.judge_outcome`. What a host does itself is no evidence that it is normal, so its own volume is
    left out; how many others it answers is their choice, and counts.

    Parameters
    ----------
    edges : Edges
    vocabulary : Vocabulary
    uses : Uses or None
        What the hosts did on earlier days: it counts as habit, today's own volume does not.
    topics, seed : int
    """
    hosts, words = edges.n_hosts, vocabulary.size
    ends, vain, keys = (edges.client, edges.server), [], []
    for role, host in enumerate(ends):
        uses_today = host.astype(np.int64) * edges.n_services + edges.service
        vain.append(_is_vain(uses_today, edges.is_failed))
        keys.append(host.astype(np.int64) * words + vocabulary.word(edges.service, role, vain[role]))
    groups = Groups.by(np.concatenate(keys))
    host, word = np.divmod(groups.keys, words)
    is_vain = word % 2 == 1
    peers = groups.add_up(np.concatenate([~edges.is_failed | one_vain for one_vain in vain]))
    count = damp(peers, host, hosts, is_vain)
    corpus = _corpus(vocabulary, hosts, (groups.keys, count), _earlier(vocabulary, uses, hosts))
    model = fit_topics(corpus, n_topics=topics, seed=seed, options=FIT)
    is_asked = (word // 2 % 2 == SERVER) & ~is_vain
    own = np.where(is_asked, np.minimum(count, 1.0), count)
    surprise = nats(_word_tails(model, corpus, host, word, own))
    at_client, at_server = np.split(surprise[groups.of], 2)
    return Habits(at_client, at_server, vain[CLIENT], vain[SERVER], model)


def _is_vain(key: Ints, is_failed: Bools) -> Bools:
    """Which uses failed, all uses with the same key having failed as well."""
    groups = Groups.by(key)
    vain: Bools = is_failed & (groups.add_up(~is_failed) == 0)[groups.of]
    return vain


def _earlier(vocabulary: Vocabulary, uses: Uses | None, hosts: int) -> tuple[Ints, Floats]:
    """Keys and tokens of what was done on earlier days; addresses not seen today share the last document."""
    if uses is None:
        return np.zeros(0, dtype=np.int64), np.zeros(0)
    host = np.where(uses.address >= 0, uses.address, hosts)
    services, service = np.unique(uses.service, return_inverse=True)
    is_vain = _is_vain((host * services.size + service) * 2 + uses.is_server, uses.is_failed)
    word = (vocabulary.place(uses.service) * 2 + uses.is_server) * 2 + is_vain
    at = np.flatnonzero(~uses.is_failed | is_vain)
    groups = Groups.by(host[at] * vocabulary.size + word[at])
    host, word = np.divmod(groups.keys, vocabulary.size)
    tokens = damp(groups.add_up(uses.peers[at]), host, hosts + 1, word % 2 == 1)
    return groups.keys, tokens


def _corpus(vocabulary: Vocabulary, hosts: int, today: tuple[Ints, Floats], earlier: tuple[Ints, Floats]) -> WordCounts:
    """One document per address, one for addresses only seen earlier, one for the expected services."""
    prior = np.searchsorted(vocabulary.codes, expected_codes())[:, None] * 4 + np.array([[0, 2]])
    prior_keys = np.sort(prior.ravel()) + (hosts + 1) * vocabulary.size
    keys = np.concatenate([today[0], earlier[0], prior_keys])
    prior_tokens = np.full(prior_keys.size, PRIOR_HOSTS * PRIOR_WORDS / prior_keys.size)
    tokens = np.concatenate([today[1], earlier[1], prior_tokens])
    groups = Groups.by(keys)
    doc, word = np.divmod(groups.keys, vocabulary.size)
    indptr = np.searchsorted(doc, np.arange(hosts + 3))
    return WordCounts(indptr, word.astype(np.int32), groups.add_up(tokens), vocabulary.size)


def _word_tails(model: TopicModel, corpus: WordCounts, host: NDArray[Any], word: NDArray[Any], count: Floats) -> Floats:
    """P(a word as rare or rarer | host, role), the host's own volume of today left out, for each (host, word)."""
    result = np.empty(host.size)
    roles = word // 2 % 2
    for role in (CLIENT, SERVER):
        judge = _RoleTails(model, corpus, role)
        at = np.flatnonzero(roles == role)
        for low in range(0, at.size, BLOCK):
            some = at[low : low + BLOCK]
            result[some] = judge.tails(host[some], word[some], count[some])
    return np.clip(result, 0.0, 1.0)


class _RoleTails:
    """Tails of words among those of one role: being asked says nothing about how rare an asking is.

    For a host with topic shares q (of what is left without its own volume of the word, plus :data:`PRIOR_WORDS` of the
    average host), ``p = sum_k q_k r_k T_k(word) / sum_k q_k r_k``: r_k is the role's share of topic k, T_k(word) the
    share of the topic's words of that role that are as rare as this one or rarer, to within :data:`SAME_CHANCE`.
    """

    def __init__(self, model: TopicModel, corpus: WordCounts, role: int) -> None:
        if model.theta is None:
            raise DetectorError("the topic model has no documents", where="suspicious")
        self._theta, self._length = model.theta, corpus.doc_sums()
        self._topics = model.theta.T @ self._length
        self._usual = self._topics / self._topics.sum()
        self._place = np.full(corpus.n_words, -1, dtype=np.int64)
        words = np.flatnonzero(np.arange(corpus.n_words) // 2 % 2 == role)
        self._place[words] = np.arange(words.size)
        self._phi = np.ascontiguousarray(model.phi.T[words])
        self._role = self._phi.sum(axis=0)
        self._ordered = np.sort(self._phi.T, axis=1)
        mass = np.cumsum(self._ordered, axis=1) / np.maximum(self._role, TINY)[:, None]
        self._mass = np.concatenate([np.zeros((mass.shape[0], 1)), mass], axis=1)
        self._upper = self._phi * (1.0 + SAME_CHANCE)
        self._table = np.stack([self._tail(k, self._upper[:, k]) for k in range(mass.shape[0])], axis=1)
        self._floor = 0.5 / np.maximum(self._topics * self._role, 1.0)
        self._word_mass = np.bincount(corpus.words, weights=corpus.counts, minlength=corpus.n_words)[words]

    def _tail(self, topic: int, chance: Floats) -> Floats:
        found: Floats = self._mass[topic, np.searchsorted(self._ordered[topic], chance, side="right")]
        return found

    def tails(self, host: Ints, word: Ints, count: Floats) -> Floats:
        """p of each (host, word), of whose tokens `count` are the host's of today."""
        place = self._place[word]
        share = self._theta[host] * self._phi[place]
        share /= np.maximum(share.sum(axis=1, keepdims=True), TINY)
        rest = np.maximum(self._theta[host] * self._length[host][:, None] - count[:, None] * share, 0.0)
        rest = (rest + PRIOR_WORDS * self._usual) * self._role
        rest /= rest.sum(axis=1, keepdims=True)
        tails = self._table[place]
        own = np.flatnonzero((count - 1.0) / self._word_mass[place] > OWN_SHARE)
        if own.size:
            volume = (count[own] - 1.0)[:, None] * share[own] / np.maximum(self._topics, TINY)
            lowered = self._upper[place[own]] - volume
            for topic in range(lowered.shape[1]):
                tails[own, topic] = self._tail(topic, lowered[:, topic])
        p: Floats = np.einsum("ik,ik->i", rest, np.maximum(tails, self._floor))
        return p


def port_rarity(clients: Ints) -> Floats:
    """Surprise of a service by how many hosts ask for it, in nats: ``-ln`` of :func:`rarity_mass` over services.

    A network whose hosts talk to ports of their own choosing (file sharing) meets rare ports all day, and none is
    surprising; where few ports are in use, one that a single host asks for is.
    """
    known = rarity_mass(clients.astype(float))
    total = clients.sum() + PRIOR_HOSTS
    return nats(np.minimum(1.0, (known * clients.sum() + 1.0) / total))
