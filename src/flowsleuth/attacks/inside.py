"""An intruder who looks round, moves on, guesses passwords, and carries data out."""

from __future__ import annotations

import numpy as np

from flowsleuth.attacks.scene import AttackFlows, Floats, Scene, To, answered, attempts, together, whole

SOUGHT_PORTS = (445, 22, 3389, 80, 5985, 1433)
"""What is looked for inside: file sharing, remote login and control, web, databases."""
ADMIN_PORTS = ((445, 135), (3389,), (5985,), (22,))
"""Ways from host to host: services over SMB and RPC, remote desktop, WinRM, SSH (ATT&CK T1021)."""
GUESSED_PORTS = (22, 3389, 445)


def horizontal_scan(rng: np.random.Generator, scene: Scene) -> AttackFlows:
    """One port of 60 to 250 internal addresses within minutes, some of them nobody's."""
    targets, is_used = _targets(rng, scene, int(rng.integers(60, 251)))
    at = np.sort(rng.uniform(0, 1, len(targets)))
    return _looked(rng, scene, _placed(rng, scene, at, rng.uniform(60, 600)), targets, is_used)


def slow_scan(rng: np.random.Generator, scene: Scene) -> AttackFlows:
    """One port of 30 to 60 internal addresses, one after another through the whole scene."""
    targets, is_used = _targets(rng, scene, int(rng.integers(30, 61)))
    at = np.cumsum(rng.exponential(1, len(targets) + 1))
    return _looked(rng, scene, scene.span_s * at[:-1] / at[-1], targets, is_used)


def vertical_scan(rng: np.random.Generator, scene: Scene) -> AttackFlows:
    """300 to 1,000 ports of one internal address within minutes; behind a filter most are silent, else reset."""
    count = int(rng.integers(300, 1_001))
    port = rng.choice(np.arange(1, 10_001), count, replace=False)
    at = _placed(rng, scene, np.sort(rng.uniform(0, 1, count)), rng.uniform(60, 600))
    is_open = rng.random(count) < 0.005
    is_refused = np.full(count, rng.random() < 0.7)
    target = scene.neighbours[0]
    missed = attempts(scene, at[~is_open], To(target, port[~is_open]), is_refused[~is_open])
    return together(missed, _banner(rng, scene, at[is_open], To(target, port[is_open])))


def lateral_movement(rng: np.random.Generator, scene: Scene) -> AttackFlows:
    """From the victim over two to four more hosts by remote administration, each hop some minutes after the last."""
    path = [scene.victim, *scene.neighbours[: int(rng.integers(2, min(4, len(scene.neighbours)) + 1))]]
    pauses = rng.uniform(300, 2_400, len(path) - 1)
    pauses *= min(1.0, 0.9 * scene.span_s / pauses.sum())
    begins = rng.uniform(0, scene.span_s - pauses.sum()) + np.cumsum(pauses) - pauses
    hops = []
    for src, dst, begin, pause in zip(path[:-1], path[1:], begins, pauses, strict=True):
        ports = ADMIN_PORTS[rng.integers(len(ADMIN_PORTS))]
        count = int(rng.integers(2, 7))
        at = np.sort(begin + rng.uniform(0, pause / 2, count))
        sent, received = whole(rng.lognormal(10, 1.5, count)), whole(rng.lognormal(9, 1.0, count))
        lasts = rng.exponential(pause / 4, count)
        port = np.asarray(ports, np.int64)[np.arange(count) % len(ports)]
        hops.append(answered(scene, at, To(dst, port, src=src), sent=sent, received=received, duration_s=lasts))
    return together(*hops)


def password_guessing(rng: np.random.Generator, scene: Scene) -> AttackFlows:
    """200 to 800 short connections to one internal login, the last one a session."""
    count = int(rng.integers(200, 801))
    gap = rng.uniform(0.8, 2.5)
    at = _placed(rng, scene, (np.arange(count) + rng.uniform(0, 0.5, count)) / count, gap * count)
    port = int(rng.choice(GUESSED_PORTS))
    # A refused login over SSH or TLS takes a handshake and one try: two to three kilobytes each way.
    sent, received = rng.integers(1_500, 2_600, count), rng.integers(1_900, 3_400, count)
    lasts = rng.lognormal(np.log(1.2), 0.3, count)
    sent[-1], received[-1], lasts[-1] = 40_000, 120_000, 300.0
    return answered(scene, at, To(scene.neighbours[0], port), sent=sent, received=received, duration_s=lasts)


def exfiltration(rng: np.random.Generator, scene: Scene) -> AttackFlows:
    """Some hundred megabytes to gigabytes to one new server, in one to three connections."""
    count = int(rng.integers(1, 4))
    total = np.clip(rng.lognormal(np.log(8e8), 0.7), 2e8, 5e9)
    part = rng.dirichlet(np.full(count, 3.0)) * total
    lasts = part / rng.uniform(2e6, 1e7)  # 16 to 80 Mbit/s: what an uplink of an office gives to one
    lasts *= min(1.0, 0.5 * scene.span_s / lasts.sum())
    at = rng.uniform(0, scene.span_s - lasts.sum()) + np.cumsum(lasts) - lasts
    return _uploads(rng, scene, at, part, lasts)


def exfiltration_drip(rng: np.random.Generator, scene: Scene) -> AttackFlows:
    """12 to 48 uploads of one to twenty megabytes to one new server, at any time of the scene."""
    count = int(rng.integers(12, 49))
    part = rng.uniform(1e6, 2e7, count)
    return _uploads(rng, scene, np.sort(rng.uniform(0, scene.span_s, count)), part, part / rng.uniform(1e6, 5e6))


def _uploads(rng: np.random.Generator, scene: Scene, at: Floats, part: Floats, lasts: Floats) -> AttackFlows:
    port = int(rng.choice([443, 22, 443]))
    name = scene.names[0] if port == 443 and rng.random() < 0.7 else None
    # The server says no more than that it got it.
    to = To(scene.outside[0], port, server_name=name)
    return answered(scene, at, to, sent=whole(part), received=whole(2_000 + part / 500), duration_s=lasts)


def _targets(rng: np.random.Generator, scene: Scene, most: int) -> tuple[list[str], np.ndarray]:
    """Addresses to look at, in random order, and which of them somebody has."""
    all_of_them = [*scene.neighbours, *scene.unused]
    chosen = rng.permutation(len(all_of_them))[:most]
    return [all_of_them[place] for place in chosen.tolist()], chosen < len(scene.neighbours)


def _looked(rng: np.random.Generator, scene: Scene, at: Floats, targets: list[str], is_used: np.ndarray) -> AttackFlows:
    """A port of each target: silent where nobody is; else open, reset or filtered."""
    port = int(rng.choice(SOUGHT_PORTS))
    fate = rng.random(len(targets))
    is_open, is_refused = is_used & (fate < 0.2), is_used & (fate >= 0.2) & (fate < 0.7)
    target = np.array(targets, dtype=object)
    missed = attempts(scene, at[~is_open], To(list(target[~is_open]), port), is_refused[~is_open])
    return together(missed, _banner(rng, scene, at[is_open], To(list(target[is_open]), port)))


def _banner(rng: np.random.Generator, scene: Scene, at: Floats, to: To) -> AttackFlows:
    """Connections that are opened, greeted and closed."""
    sent, received = np.zeros(at.size, np.int64), rng.integers(20, 400, at.size)
    return answered(scene, at, to, sent=sent, received=received, duration_s=rng.uniform(0.01, 0.5, at.size))


def _placed(rng: np.random.Generator, scene: Scene, part: Floats, lasts: float) -> Floats:
    """Moments given as parts of a length, somewhere within the scene."""
    lasts = min(lasts, scene.span_s)
    return rng.uniform(0, scene.span_s - lasts) + part * lasts
