"""``process_events.py ROWS FILE [SEED]``: started processes of 40 templates, and commands that were given once.

Templates have Pareto weights; ids, numbers, paths, hosts and users in them change from row to row. One row in 200 is a
command that no other row is like. The column ``truth`` has the number of the template, or -1 and below for one-offs.
"""

from __future__ import annotations

import csv
import datetime as dt
import random
import sys
import uuid
from collections.abc import Callable
from pathlib import Path

COLUMNS = ("TimeGenerated", "Account", "NewProcessName", "CommandLine", "truth")
FIRST = dt.datetime(2024, 3, 14, tzinfo=dt.UTC)
ONE_OFF = 0.005
USERS = [f"{first}.{last}" for first in ("ann", "bob", "eve", "joe", "mia", "tom") for last in ("ray", "lee", "fox")]
SYSTEM = "C:\\Windows\\System32\\"

Draw = random.Random
TEMPLATES: tuple[tuple[str, Callable[[Draw], str]], ...] = (
    (SYSTEM + "svchost.exe", lambda d: "svchost.exe -k netsvcs -p -s Schedule"),
    (SYSTEM + "svchost.exe", lambda d: "svchost.exe -k LocalService -p"),
    (SYSTEM + "conhost.exe", lambda d: "\\??\\C:\\Windows\\system32\\conhost.exe 0xffffffff -ForceV1"),
    (SYSTEM + "cmd.exe", lambda d: f"cmd.exe /c echo {number(d)} > C:\\Temp\\{name(d)}.txt"),
    (SYSTEM + "cmd.exe", lambda d: f'cmd.exe /c ""C:\\jobs\\{name(d)}.cmd" -{number(d)}"'),
    (SYSTEM + "ping.exe", lambda d: f"ping -n {number(d)} {address(d)}"),
    (SYSTEM + "net.exe", lambda d: f"net use \\\\{host(d)}\\share{number(d)} /user:{d.choice(USERS)}"),
    (SYSTEM + "net.exe", lambda d: "net start"),
    (SYSTEM + "net.exe", lambda d: f"net user {d.choice(USERS)} /domain"),
    (SYSTEM + "schtasks.exe", lambda d: f'schtasks /run /tn "job {number(d)}"'),
    (SYSTEM + "tasklist.exe", lambda d: "tasklist /v /fo csv"),
    (SYSTEM + "wevtutil.exe", lambda d: f"wevtutil epl Security C:\\logs\\{number(d)}.evtx"),
    (SYSTEM + "msiexec.exe", lambda d: f"msiexec.exe /i {{{guid(d)}}} /qn"),
    (SYSTEM + "rundll32.exe", lambda d: f"rundll32.exe C:\\Windows\\{name(d)}.dll,#{number(d)}"),
    (SYSTEM + "reg.exe", lambda d: f"reg query HKLM\\SOFTWARE\\{name(d)} /v Version"),
    (SYSTEM + "powershell.exe", lambda d: f"powershell.exe -NoProfile -File C:\\scripts\\{name(d)}.ps1"),
    (SYSTEM + "powershell.exe", lambda d: f"powershell -Command Get-Service -ComputerName {host(d)}"),
    (SYSTEM + "mscorsvw.exe", lambda d: f"mscorsvw.exe -StartupEvent {short(d)} -InterruptEvent 0 -Pipe {short(d)}"),
    (SYSTEM + "taskhostw.exe", lambda d: "taskhostw.exe"),
    (SYSTEM + "wbem\\WmiPrvSE.exe", lambda d: "wmiprvse.exe -secured -Embedding"),
    (SYSTEM + "backgroundTaskHost.exe", lambda d: f'"backgroundTaskHost.exe" -ServerName:App.{short(d)}.mca'),
    ("C:\\Program Files\\agent\\agent.exe", lambda d: f"agent.exe --id {guid(d)} --port {number(d)}"),
    ("C:\\Program Files\\agent\\health.exe", lambda d: f'"health.exe" /check {host(d)}:{number(d)}'),
    ("C:\\Program Files\\backup\\bk.exe", lambda d: f"bk.exe run --set {name(d)} --to D:\\bk\\{number(d)} --keep 7"),
    ("C:\\Program Files\\git\\git.exe", lambda d: "git.exe status --porcelain"),
    ("C:\\Program Files\\git\\git.exe", lambda d: f"git.exe fetch origin {guid(d)}"),
    ("C:\\Program Files\\python\\python.exe", lambda d: f"python.exe -m pytest -q tests\\{name(d)}.py"),
    ("C:\\Program Files\\node\\node.exe", lambda d: f"node.exe server.js --port={number(d)}"),
    ("C:\\Program Files\\chrome\\chrome.exe", lambda d: f"chrome.exe --type=gpu --lang=en --client-id={number(d)}"),
    ("C:\\Program Files\\chrome\\chrome.exe", lambda d: f"chrome.exe https://{host(d)}.example.com/{name(d)}"),
    ("/usr/bin/ssh", lambda d: f"ssh -l {d.choice(USERS)} {host(d)} uptime"),
    ("/usr/bin/rsync", lambda d: f"rsync -a /srv/{name(d)} {host(d)}:/backup/{number(d)}"),
    ("/usr/bin/curl", lambda d: f"curl -s http://{address(d)}:{number(d)}/{name(d)}"),
    ("/usr/bin/grep", lambda d: f"grep -c {number(d)} /var/log/{name(d)}.log"),
    ("/usr/sbin/iptables", lambda d: f"iptables -w -t filter -A INPUT -s {address(d)} -j DROP"),
    ("/usr/bin/docker", lambda d: f"docker exec {long(d)} sh -c health"),
    ("/usr/bin/systemctl", lambda d: "systemctl is-active cron"),
    ("/bin/sh", lambda d: f"sh -c 'test -f /run/{name(d)}.pid && kill -0 {number(d)}'"),
    ("/usr/bin/python3", lambda d: f"python3 /opt/jobs/{name(d)}.py --date 2024-03-{d.randrange(10, 29)}"),
    ("/usr/bin/psql", lambda d: f"psql -h {host(d)} -U report -c 'select {number(d)}'"),
)  # fmt: skip
VERBS = ("add", "list", "copy", "query", "run", "stop", "export", "enum", "dump", "sync", "hide", "load", "push")
TOOLS = (
    "whoami", "nltest", "certutil", "bitsadmin", "vssadmin", "wmic", "mshta", "regsvr32", "procdump", "rar", "nc",
    "socat", "nmap", "psexec", "adfind", "rclone", "ngrok", "mimikatz", "klist", "setspn",
)  # fmt: skip


def number(draw: Draw) -> int:
    """A number of one to six digits."""
    return draw.randrange(1, 10 ** draw.randrange(1, 7))


def name(draw: Draw) -> str:
    """A word with a number."""
    return draw.choice(("report", "nightly", "data", "check", "import", "sync")) + str(draw.randrange(1, 900))


def host(draw: Draw) -> str:
    """A host's name."""
    return f"{draw.choice(('srv', 'web', 'db'))}{draw.randrange(1, 400):03}"


def address(draw: Draw) -> str:
    """An IPv4 address."""
    return f"10.{draw.randrange(256)}.{draw.randrange(256)}.{draw.randrange(1, 255)}"


def guid(draw: Draw) -> str:
    """A GUID."""
    return str(uuid.UUID(int=draw.getrandbits(128)))


def short(draw: Draw) -> str:
    """Three or four hexadecimal digits."""
    return f"{draw.getrandbits(draw.choice((12, 16))):x}"


def long(draw: Draw) -> str:
    """Sixty-four hexadecimal digits."""
    return f"{draw.getrandbits(256):064x}"


def one_off(draw: Draw, at: int) -> tuple[str, str]:
    """A command no other is like: tools or programs of the templates, doing what none of them does."""
    words = ["".join(draw.choices("abcdefghiklmnoprstuvw", k=draw.randrange(4, 9))) for _ in range(3)]
    if at % 3 == 0:
        program, _ = draw.choice(TEMPLATES)
        tool = program.replace("\\", "/").rpartition("/")[2].removesuffix(".exe")
        return program, f"{tool} {draw.choice(VERBS)}-{words[0]} /{words[1]} {words[2]}"
    tool = draw.choice(TOOLS)
    folder = draw.choice((SYSTEM, "C:\\Users\\Public\\", "C:\\Temp\\"))
    return f"{folder}{tool}.exe", f"{tool} {words[0]}:{draw.choice(VERBS)} -{words[1]} {words[2]}"


def main(words: list[str]) -> None:
    """Write the file."""
    rows, file = int(words[0]), Path(words[1])
    draw = random.Random(int(words[2]) if len(words) > 2 else 7)
    weights = [draw.paretovariate(1.1) for _ in TEMPLATES]
    numbers = draw.choices(range(len(TEMPLATES)), weights, k=rows)
    with file.open("w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(COLUMNS)
        for row, chosen in enumerate(numbers):
            at = (FIRST + dt.timedelta(seconds=row * 0.7)).isoformat(sep=" ").removesuffix("+00:00")
            if draw.random() < ONE_OFF:
                writer.writerow([at, "eve", *one_off(draw, row), -1 - row])
            else:
                program, command = TEMPLATES[chosen]
                writer.writerow([at, draw.choice(("SYSTEM", "ann", "bob")), program, command(draw), chosen])


if __name__ == "__main__":
    main(sys.argv[1:])
