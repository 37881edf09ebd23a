# Everything here runs on a fresh Debian with Python 3.11: `make demo`, `make test`.
PYTHON ?= python3
VENV ?= .venv
PEERS ?= .venv-peers
BIN := $(VENV)/bin
CASE ?= demo-case
PLAIN := not spark and not soak and not fuzz

.PHONY: help demo test test-slow test-spark test-soak test-fuzz check bench docs web format lock clean

help:
	@echo "make demo    ingest bundled real logs, score them, show the suspects"
	@echo "make test    the tests, but for the next four"
	@echo "make test-slow  those of seconds each: in a browser (needs Chromium), the manual's commands, whole notebooks, benchmarks,"
	@echo "                and of real data (where ../shared/data is)"
	@echo "make test-spark  the tests that start a real Spark cluster on loopback (needs Java)"
	@echo "make test-soak  the longest: thousands of ratings at once, self-tests again and again, killed at random, benchmarks in small"
	@echo "make test-fuzz  the coverage-guided fuzzer over every decoder and parser, seconds each"
	@echo "make check   formatter, linter, type checker, import contracts, documentation build"
	@echo "make bench   speed and detection against the peers, in one run; BENCH='--only ioc' for a part"
	@echo "make docs    build the manual into site/"
	@echo "make web     build the browser application (needs Node 20) and tell whether the committed one differs"
	@echo "make lock    renew the lock files"

$(VENV)/base.stamp: requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@

$(VENV)/dev.stamp: $(VENV)/base.stamp requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.lock
	@touch $@

$(VENV)/bench.stamp: $(VENV)/dev.stamp requirements-bench.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-bench.lock
	@touch $@

$(PEERS)/peers.stamp: requirements-peers.lock
	$(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check -r requirements-peers.lock
	@touch $@

demo: $(VENV)/base.stamp
	@sh scripts/demo.sh $(BIN)/flowsleuth $(CASE)

test: $(VENV)/dev.stamp
	$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder -m "not slow and not real and $(PLAIN)"

test-slow: $(VENV)/dev.stamp
	$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder -m "(slow or real) and $(PLAIN)" tests

test-spark: $(VENV)/dev.stamp
	$(BIN)/python -m pytest -n auto --dist loadfile -m spark tests

test-soak: $(VENV)/dev.stamp
	$(BIN)/python -m pytest -n auto --dist loadfile -m soak tests

test-fuzz: $(VENV)/dev.stamp
	$(BIN)/python -m pytest -n auto -m fuzz tests/fuzz

check: $(VENV)/dev.stamp
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/mkdocs build --strict --quiet

format: $(VENV)/dev.stamp
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/bench.stamp $(PEERS)/peers.stamp
	MSTICPY_PYTHON=$(abspath $(PEERS)/bin/python) MSTICNB_PYTHON=$(abspath $(PEERS)/bin/python) $(BIN)/python bench/run.py $(BENCH)

docs: $(VENV)/dev.stamp
	$(BIN)/mkdocs build --strict

web:
	cd web && npm ci --no-fund --no-audit && npm run check && npm run build
	git diff --exit-code --stat -- src/flowsleuth/faces/views/static

lock:
	$(BIN)/uv pip compile --quiet --python-version 3.11 --no-emit-index-url --extra fast --extra geo --extra web --extra pdf pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --quiet --python-version 3.11 --no-emit-index-url --extra dev -c requirements.lock pyproject.toml -o requirements-dev.lock
	$(BIN)/uv pip compile --quiet --python-version 3.11 --no-emit-index-url --extra bench -c requirements-dev.lock pyproject.toml -o requirements-bench.lock
	$(BIN)/uv pip compile --quiet --python-version 3.11 --no-emit-index-url requirements-peers.in -o requirements-peers.lock

clean:
	rm -rf $(VENV) $(PEERS) site $(CASE) .mypy_cache .ruff_cache .pytest_cache .hypothesis
