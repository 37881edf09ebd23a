"""A Linux audit log as a busy host writes it, with what it says: ``write_log(path, lines, seed)``.

Starts of programs (SYSCALL, EXECVE, CWD, two PATH, PROCTITLE), logins, sudo and PAM records. Two in seven events share
the millisecond of the one before. Arguments with spaces, quotes or other alphabets are hexadecimal, as the kernel
writes them; some are empty, some come in pieces.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from pathlib import Path

LINES = 100_000
PER_START = 6
START = 1_700_000_000_000
STARTS_OF_EIGHT = 0.72
"""Share of events that are starts of programs: some 15,600 of 21,700 events in 100,000 lines."""
PIECE = 40
"""Bytes of a piece of a long argument; the kernel takes 7,500."""

_PROGRAMS = ("/usr/bin/ls", "/usr/bin/grep", "/bin/sh", "/usr/bin/tar", "/usr/bin/curl", "/usr/bin/python3", "/bin/cat")
_FOLDERS = ("/root", "/home/ana", "/var/log", "/tmp", "/srv/data dir", "/opt/app/current")
_WORDS = (
    "-l", "-a", "--color=auto", "-rf", "/etc/passwd", "/var/log/syslog", "-c", "echo hello world", "it's \"quoted\"",
    "", "https://files.example/a.tgz?x=1&y=2", "naïve café", "*.log", "-xzf", "a=b", "10", "DEADBEEF", "C:\\share",
    "tab\there", "-" * 3,
)  # fmt: skip
_PAM = ("USER_AUTH", "USER_ACCT", "CRED_ACQ", "USER_START", "USER_END", "CRED_DISP")
_IDS = ("auid", "uid", "gid", "euid", "suid", "fsuid", "egid", "sgid", "fsgid")
_FILE = (
    "dev=08:01 mode=0100755 ouid=0 ogid=0 rdev=00:00 nametype=NORMAL cap_fp=0 cap_fi=0 cap_fe=0 cap_fver=0 "
    "cap_frootid=0"
)
_USERS = ("root", "ana", "bob", "deploy", "no such")


@dataclass
class Told:
    """What a log says.

    Attributes
    ----------
    events : list of str
        The id of each event, ``time:serial``.
    kinds : dict of str to str
        Type by id: EXECVE, or that of the only record.
    commands : dict of str to str
        Command line by id.
    """

    events: list[str] = field(default_factory=list)
    kinds: dict[str, str] = field(default_factory=dict)
    commands: dict[str, str] = field(default_factory=dict)


def write_log(path: Path, lines: int = LINES, seed: int = 7) -> Told:
    """Write a log of so many lines, or a few more; tell what is in it."""
    rng = random.Random(seed)
    told = Told()
    made: list[str] = []
    now, serial = START, 1_000
    while len(made) < lines:
        now += 0 if rng.random() < 2 / 7 else rng.randint(1, 40)
        serial += 1
        stamp = f"{now // 1000}.{now % 1000:03d}:{serial}"
        told.events.append(stamp)
        if rng.random() < STARTS_OF_EIGHT:
            words = _words(rng)
            made += _start(rng, stamp, words)
            told.kinds[stamp], told.commands[stamp] = "EXECVE", " ".join(words)
        else:
            kind, line = _of_program(rng, stamp)
            made.append(line)
            told.kinds[stamp] = kind
    path.write_text("\n".join(made) + "\n")
    return told


def text(value: str) -> str:
    """A value as the kernel writes it: in quotes, or as hexadecimal."""
    plain = all("!" <= letter <= "~" and letter != '"' for letter in value)
    return f'"{value}"' if plain else value.encode().hex().upper()


def _words(rng: random.Random) -> list[str]:
    program = rng.choice(_PROGRAMS).rpartition("/")[2]
    words = [program, *(rng.choice(_WORDS) for _ in range(min(int(rng.expovariate(0.4)), 9)))]
    if rng.random() < 0.3:
        words.append(f"/tmp/{rng.randrange(10**6):06d}.txt")
    if rng.random() < 0.01:
        words.append("x" * rng.randint(PIECE + 1, 3 * PIECE))
    return words


def _start(rng: random.Random, stamp: str, words: list[str]) -> list[str]:
    pid, user, folder = rng.randint(300, 32_000), rng.choice((0, 33, 1000)), rng.choice(_FOLDERS)
    program = next(path for path in _PROGRAMS if path.endswith("/" + words[0]))
    says = rng.random() < 0.97
    address = f"{rng.getrandbits(44):x}"
    ids = " ".join(f"{name}={user}" for name in _IDS)
    call = f"a0={address} a1={rng.getrandbits(44):x} a2={rng.getrandbits(44):x} a3=8 items=2"
    ends = "success=yes exit=0" if says else "success=no exit=-2"
    of = f"ppid={rng.randint(1, 32_000)} pid={pid} {ids} tty=pts0 ses={rng.randint(1, 90)}"
    bodies = [
        f"SYSCALL arch=c000003e syscall=59 {ends} {call} {of} comm={text(words[0])} exe={text(program)} key=(null)",
        f"EXECVE argc={len(words)} {_arguments(words)}",
        f"CWD cwd={text(folder)}",
        f"PATH item=0 name={text(program)} inode={rng.randint(10, 9**6)} {_FILE}",
        f'PATH item=1 name="/lib64/ld-linux-x86-64.so.2" inode=29514 {_FILE}',
        f"PROCTITLE proctitle={text(chr(0).join(words))}",
    ]
    parted = (body.partition(" ") for body in bodies)
    return [f"type={kind} msg=audit({stamp}): {rest}" for kind, _, rest in parted]


def _arguments(words: list[str]) -> str:
    made: list[str] = []
    for at, word in enumerate(words):
        if len(word) > PIECE and " " not in word:
            pieces = [word[begin : begin + PIECE] for begin in range(0, len(word), PIECE)]
            made += [f"a{at}_len={len(word)}", *(f"a{at}[{n}]={text(piece)}" for n, piece in enumerate(pieces))]
        else:
            made.append(f"a{at}={text(word)}")
    return " ".join(made)


def _of_program(rng: random.Random, stamp: str) -> tuple[str, str]:
    """A record that a program writes, alone in its event."""
    chance = rng.random()
    account, address = rng.choice(_USERS), f"203.0.113.{rng.randint(1, 254)}"
    head = f"pid={rng.randint(300, 32_000)} uid=0 auid=4294967295 ses=4294967295"
    if chance < 0.25:
        result = rng.choice(("success", "failed"))
        kind = "USER_LOGIN"
        inside = (
            f'op=login acct={text(account)} exe="/usr/sbin/sshd" hostname=? addr={address} terminal=sshd res={result}'
        )
    elif chance < 0.4:
        kind = "USER_CMD"
        command = text(rng.choice(("id", "systemctl restart nginx", "cat /etc/shadow")))
        inside = f"cwd={text(rng.choice(_FOLDERS))} cmd={command} terminal=pts/0 res=success"
    else:
        kind = rng.choice(_PAM)
        inside = 'op=PAM:session acct="root" exe="/usr/sbin/cron" hostname=? addr=? terminal=cron res=success'
    return kind, f"type={kind} msg=audit({stamp}): {head} msg='{inside}'"
