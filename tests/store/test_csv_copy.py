"""CSV that the engine writes: the same cells as Arrow's way, in order, to any file, and nothing else within reach."""

from __future__ import annotations

import csv
import io
import subprocess
import sys

import pytest

import flowsleuth
from flowsleuth.errors import EngineError
from flowsleuth.faces.cli.show import write_csv

LOG = (
    "firstSeen,duration,proto,srcAddr,srcPort,dstAddr,dstPort,packets,bytes,flows\n"
    "2023-11-14 22:13:20.500,0.250,TCP,10.0.0.5,50000,192.0.2.7,443,4,900,1\n"
    "2023-11-14 22:13:21.500,0.250,UDP,10.0.0.6,50001,192.0.2.8,53,1,80,1\n"
)
TEXTS = [
    "=1",
    "+1",
    "-1",
    "@a",
    "\ta",
    "\ra",
    "a=1",
    " =1",
    "",
    'say "hi", then\nleave',
    "é,ü",
    "'=1",
    "=",
    '"',
    "a\r\nb",
]


@pytest.fixture
def ws(tmp_path):
    (tmp_path / "flows.csv").write_text(LOG)
    with flowsleuth.open(tmp_path / "case", create=True) as opened:
        opened.ingest(tmp_path / "flows.csv")
        yield opened


def both_ways(ws, text, **values):
    ours, arrows = io.StringIO(newline=""), io.StringIO(newline="")
    rows = ws.sql_to_csv(text, ours, **values)
    assert rows == write_csv(iter([ws.sql(text, **values).table]), arrows)
    return ours.getvalue(), arrows.getvalue()


def test_texts_are_those_of_arrow(ws):
    text = "SELECT unnest($texts) AS said, CASE WHEN src_port = 50000 THEN src_ip END AS who FROM flow ORDER BY src_ip"
    ours, arrows = both_ways(ws, text, texts=TEXTS)
    assert ours == arrows
    said = [row["said"] for row in csv.DictReader(io.StringIO(ours, newline=""))]
    assert said == [f"'{one}" if one[:1] in ("=", "+", "-", "@", "\t", "\r") else one for one in TEXTS] * 2


def test_other_kinds_are_those_of_arrow(ws):
    text = """
        SELECT start, start::TIMESTAMP AS local, start::DATE AS day, src_port, src_bytes, src_bytes > 100 AS is_large,
            sum(src_bytes) OVER () AS total, 1::TINYINT AS tiny, 18446744073709551615::UBIGINT AS most, $n AS n,
            to_timestamp(0.000001) AS moment, NULL::TIMESTAMPTZ AS never,
            170141183460469231731687303715884105727 AS wide, src_ip AS "a ""name"", with all", src_ip
        FROM flow ORDER BY start -- the end
    """
    ours, arrows = both_ways(ws, text, n=-7)
    assert ours == arrows
    assert ours.splitlines()[1].startswith(
        '"2023-11-14T22:13:20.500000Z","2023-11-14T22:13:20.500000Z",2023-11-14,50000,'
    )
    assert '"1970-01-01T00:00:00.000001Z",,' in ours


def test_all_columns_of_a_table(ws):
    ours, arrows = (list(csv.DictReader(io.StringIO(text, newline=""))) for text in both_ways(ws, "FROM flow"))
    durations = [[float(row.pop("duration_s")) for row in rows] for rows in (ours, arrows)]
    assert durations == [[0.25, 0.25]] * 2
    assert (
        sorted(ours, key=str) == sorted(arrows, key=str)
        and len(ours[0]) == len(flowsleuth.schema.table("flow").names) - 1
    )


@pytest.mark.parametrize(
    "number", [0.1, -0.0, 1e-300, 5e-324, 1.7976931348623157e308, 123456789.12345679, 1e15, 1e16, 5.0]
)
def test_numbers_keep_all_their_digits(ws, number):
    ours, _ = both_ways(ws, "SELECT $n::DOUBLE AS n FROM flow LIMIT 1", n=number)
    assert float(ours.split()[1]) == number


def test_the_order_is_kept(ws):
    file = io.StringIO()
    text = "SELECT n FROM flow, range(300000) AS steps(n) WHERE src_port = 50000 ORDER BY n DESC"
    assert ws.sql_to_csv(text, file) == 300_000
    assert file.getvalue() == "n\n" + "\n".join(map(str, range(299_999, -1, -1))) + "\n"


def test_no_row_is_a_header(ws):
    assert both_ways(ws, "SELECT src_ip, start FROM flow WHERE src_port = 1") == ("src_ip,start\n",) * 2


@pytest.mark.parametrize(
    "text",
    [
        "SELECT [src_ip] AS ips FROM flow",
        "SELECT {'ip': src_ip} AS one FROM flow",
        "SELECT 1; SELECT * FROM flow",
        "SELEC * FROM flow",
        "SELECT * FROM flow WHERE src_ip = $unknown",
        "SELECT * FROM flow, '/etc/passwd'",
        "COPY (SELECT * FROM flow) TO '{folder}/out.csv'",
        "SELECT 1) AS a) TO '{folder}/out.csv' -- flow",
        "SET threads = 1; SELECT * FROM flow",
    ],
)
def test_what_is_left_to_the_other_way(ws, text, tmp_path):
    file = io.StringIO()
    assert ws.sql_to_csv(text.format(folder=tmp_path) if "folder" in text else text, file) is None
    assert file.getvalue() == "" and not (tmp_path / "out.csv").exists()


def test_a_question_that_fails_on_the_way(ws):
    with pytest.raises(EngineError, match="INT32"):
        ws.sql_to_csv("SELECT src_ip::INTEGER AS n FROM flow", io.StringIO())
    with pytest.raises(EngineError, match="asks no table"):
        ws.sql_to_csv("SELECT 1", io.StringIO())


def test_a_file_that_takes_no_more(ws):
    class Full(io.StringIO):
        def write(self, text):
            if len(text) > 100:
                raise OSError(28, "No space left on device")
            return super().write(text)

    with pytest.raises(OSError, match="No space"):
        ws.sql_to_csv("SELECT * FROM flow, range(500000)", Full())


def run(ws, *words, **options):
    command = [sys.executable, "-m", "flowsleuth", "sql", "-w", str(ws.folder), *words, "--format", "csv"]
    return subprocess.run(command, check=False, stderr=subprocess.PIPE, text=True, timeout=60, **options)


def test_what_standard_output_holds_already_stays(ws, tmp_path):
    out = tmp_path / "out.csv"
    out.write_text("before\n")
    with out.open("a") as file:
        assert run(ws, "SELECT src_ip FROM flow ORDER BY 1", stdout=file).returncode == 0
    assert out.read_text() == 'before\nsrc_ip\n"10.0.0.5"\n"10.0.0.6"\n'


def test_a_reader_that_leaves(ws):
    command = [sys.executable, "-m", "flowsleuth", "sql", "-w", str(ws.folder), "--format", "csv"]
    with subprocess.Popen([*command, "SELECT r.range FROM flow, range(3000000) r"], stdout=subprocess.PIPE) as child:
        assert child.stdout.readline() == b"range\n"
        child.stdout.close()
        assert child.wait(60) == 0


def test_a_file_takes_its_name_when_it_is_whole(ws, tmp_path):
    out = tmp_path / "out.csv"
    done = run(ws, "SELECT src_ip FROM flow ORDER BY 1", "--output", str(out))
    assert out.read_text().split() == ["src_ip", '"10.0.0.5"', '"10.0.0.6"'] and "2 rows" in done.stderr
    for text in ("SELECT src_ip::INTEGER AS n FROM flow", "SELEC * FROM flow"):
        assert run(ws, text, "--output", str(out)).returncode == 1
        assert out.read_text().startswith("src_ip") and [path.name for path in tmp_path.glob("*out*")] == ["out.csv"]
    assert run(ws, "SELECT [src_port] AS ports FROM flow ORDER BY 1", "--output", str(out)).returncode == 0
    assert out.read_text().split() == ["ports", '"[50000]"', '"[50001]"']


def test_it_loads_neither_arrow_nor_numpy(ws):
    code = (
        "import sys\nfrom flowsleuth.faces.cli import main\n"
        f"code = main(['sql', 'SELECT * FROM flow', '--format', 'csv', '-w', {str(ws.folder)!r}])\n"
        "print(code, sorted({'ibis', 'numpy', 'pandas', 'pyarrow', 'sqlglot'} & set(sys.modules)))\n"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True).splitlines()[-1] == "0 []"
