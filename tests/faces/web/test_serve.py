"""``flowsleuth serve`` and ``flowsleuth user`` as programs."""

from __future__ import annotations

import http.client
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.faces.web.conftest import PASSWORD

from flowsleuth.faces.cli import main


def start(case: Path, *words: str) -> tuple[subprocess.Popen[str], int, str]:
    """A server on a free port, and what it said."""
    command = [sys.executable, "-m", "flowsleuth", "serve", "-w", str(case), "--port", "0", *words]
    server = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    assert server.stderr is not None
    said = server.stderr.readline()
    found = re.search(r":(\d+)/", said)
    assert found, said + server.stderr.read()
    return server, int(found[1]), said


def stop(server: subprocess.Popen[str]) -> int:
    server.send_signal(signal.SIGINT)
    try:
        return server.wait(120)
    finally:
        server.kill()


def test_serve_really(case):
    server, port, said = start(case)
    try:
        assert "without login" in said
        wire = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        wire.request("GET", "/api/session")
        got = wire.getresponse()
        assert got.status == 200
        assert b'"admin"' in got.read()
        assert "server" not in {name.lower() for name, _ in got.getheaders()}
        wire.request("GET", "/api/info")
        assert wire.getresponse().read().count(b'"flow"') >= 1
        wire.close()
    finally:
        code = stop(server)
    assert code in (0, 130, -signal.SIGINT)


def test_serve_by_tls(case, tmp_path, run):
    import ssl

    names = [tmp_path / "cert.pem", tmp_path / "key.pem"]
    make = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    make += ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-out", names[0], "-keyout", names[1]]
    try:
        subprocess.run([str(word) for word in make], check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("openssl is not installed")
    add(case, "ana", run)
    server, port, said = start(case, "--login", "--tls-cert", str(names[0]), "--tls-key", str(names[1]))
    try:
        assert "https://" in said
        assert "login is demanded" in said
        trust = ssl.create_default_context(cafile=str(names[0]))
        wire = http.client.HTTPSConnection("127.0.0.1", port, timeout=30, context=trust)
        wire.request("GET", "/api/info")
        got = wire.getresponse()
        assert got.status == 401
        assert got.getheader("Strict-Transport-Security")
        got.read()
        for path in ("/login/../api/info", "/login/%2e%2e/api/info", "//api/info", "/api/info;/login", "/login\\../"):
            wire.request("GET", path)
            got = wire.getresponse()
            assert (got.status, b"tables" in got.read()) == (401, False), path
        wire.close()
    finally:
        stop(server)


@pytest.fixture
def run(capsys):
    def go(*arguments: object):
        code = main([str(argument) for argument in arguments])
        out = capsys.readouterr()
        return code, out.out, out.err

    return go


def add(case: Path, name: str, run: object, *more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "flowsleuth", "user", "add", name, "-w", str(case), "--password-stdin", *more]
    return subprocess.run(command, input=f"{PASSWORD}\n", text=True, capture_output=True, check=False)


def test_accounts_by_the_command_line(case, run):
    done = add(case, "Ana", run, "--role", "admin")
    assert (done.returncode, done.stdout) == (0, "ana may log in as admin\n")
    assert add(case, "ana", run).returncode == 2
    code, out, _ = run("user", "list", "-w", case)
    assert code == 0
    assert "ana" in out
    assert "argon2" not in out
    assert run("user", "role", "ana", "viewer", "-w", case)[1] == "ana is viewer\n"
    assert run("user", "remove", "ana", "-w", case)[0] == 0
    assert run("user", "remove", "ana", "-w", case)[0] == 2


def test_a_password_is_never_an_argument(case, run):
    code, _, err = run("user", "add", "ana", "--password", PASSWORD, "-w", case)
    assert code == 2
    assert "--password" in err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--host", "0.0.0.0"], "--tls-cert"),
        (["--host", "0.0.0.0", "--insecure-http"], "flowsleuth user add"),
        (["--login"], "flowsleuth user add"),
        (["--tls-cert", "x.pem"], "needs both"),
        (["--port", "70000"], "not a port"),
        (["--oidc", "nowhere.toml"], "cannot be used"),
        (["--public-url", "javascript:alert(1)"], "not a URL"),
        (["--host", "no.such.host.invalid"], "no address"),
    ],
)
def test_it_refuses_to_start_unsafely(case, run, words, told):
    code, _, err = run("serve", "-w", case, *words)
    assert code == 2
    assert told in err


def test_a_port_that_is_taken(case, run):
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        code, _, err = run("serve", "-w", case, "--port", taken.getsockname()[1])
    assert code == 1
    assert "another program" in err


def test_without_the_extra_it_says_what_to_install(case):
    """As if fastapi were not installed."""
    program = (
        "import sys; sys.modules['fastapi'] = None\n"
        "from flowsleuth.faces.cli import main\n"
        f"sys.exit(main(['serve', '-w', {str(case)!r}]))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert 'pip install "flowsleuth[web]"' in done.stderr
    assert "Traceback" not in done.stderr


def test_other_verbs_do_not_load_the_web(case):
    program = (
        "import sys\n"
        "from flowsleuth.faces.cli import main\n"
        f"main(['info', '-w', {str(case)!r}, '--format', 'json'])\n"
        "print([m for m in ('fastapi', 'starlette', 'strawberry', 'argon2', 'uvicorn', 'httpx') if m in sys.modules],"
        " file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=os.environ)
    assert done.stderr.strip() == "[]"
