# `make demo` and `make test` are all that a newcomer needs; each does its own set-up.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
export PREFECT_SERVER_ANALYTICS_ENABLED = false
export DO_NOT_TRACK = 1
export GX_ANALYTICS_ENABLED = false
# Byte code is kept, whatever a container says: else each of a test run's many processes compiles all of Naru again.
export PYTHONDONTWRITEBYTECODE =

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-slow test-spark test-peers test-browser test-generative test-walk lint format bench attack docs lock clean

help:  ## what can be made
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP)  ## .venv with the locked dependencies and this checkout

$(STAMP): constraints.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Naru needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V). Name another: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing the locked dependencies into $(VENV) (about a minute) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r constraints.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: setup  ## the main job, end to end: three hospitals, a board, two releases, a startup
	@$(BIN)/naru demo

test: setup  ## all tests but the slow ones, on two cores
	$(BIN)/python -m pytest -n 2 --dist loadgroup

test-slow: setup  ## the long suites
	$(BIN)/python -m pytest -m slow

test-spark: setup  ## cohorts computed by Spark (installs the extra 'spark'; needs Java 17)
	@command -v java >/dev/null || test -x "$$JAVA_HOME/bin/java" || { echo "Spark needs Java 17 or newer; install it, or set JAVA_HOME"; exit 2; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r constraints-spark.txt
	$(BIN)/python -m pytest -m spark --timeout 1800

PEERS := meds==0.4.1 meds-reader==0.2.0 meds-torch-data==0.9.0 es-aces==0.7.3
test-peers: setup  ## tools that no one here wrote load a release (an environment of its own, .venv-peers: three gigabytes with torch)
	@test -x .venv-peers/bin/meds_reader_verify || { $(PYTHON) -m venv .venv-peers && .venv-peers/bin/pip install --quiet $(PEERS); }
	NARU_PEERS=.venv-peers $(BIN)/python -m pytest -m slow tests/extract/test_meds_peers.py

test-browser: setup  ## the portal's story in Chromium; renews the pictures in docs/images/portal
	@test -x /usr/bin/chromium || { echo "the browser tests need Chromium: apt-get install -y chromium fonts-noto-cjk"; exit 2; }
	NARU_PICTURES=docs $(BIN)/python -m pytest -m browser

EXAMPLES ?= 1000
SEED ?= 1
test-generative: setup  ## generated cohort definitions by engine, circe's SQL and reference: EXAMPLES=10000 SEED=1
	@$(BIN)/python -m tests.cohorts.generative.run --examples $(EXAMPLES) --seed $(SEED)

test-walk: setup  ## anybody does anything on the board for ten thousand steps: SEED=1
	SEED=$(SEED) $(BIN)/python -m pytest -m slow tests/drb/test_walk.py --hypothesis-seed=$(SEED) --timeout 3600

lint: setup  ## style, types, floors
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: setup  ## let ruff format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: setup  ## each hot path against a peer or the physical floor, in one run
	@for b in $(basename $(notdir $(wildcard benchmarks/[a-z]*.py))); do echo "== $$b"; $(BIN)/python -m benchmarks.$$b || exit 1; done

attack: setup  ## a public attack library against a release (its versions differ from ours: an environment of its own)
	@test -x .venv-attack/bin/python || $(PYTHON) -m venv .venv-attack
	@.venv-attack/bin/python -m pip install --quiet --disable-pip-version-check -r constraints-attack.txt
	@$(BIN)/python -m benchmarks.attack

docs: setup  ## the reference pages that are generated from code
	$(BIN)/python -m docs.generate

LOCK := uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q
lock:  ## renew constraints.txt and constraints-spark.txt (needs uv)
	$(LOCK) pyproject.toml --extra demo --extra dev -o constraints.txt
	@$(PYTHON) -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"]["spark"], sep="\n")' \
	  | $(LOCK) - --constraint constraints.txt -o constraints-spark.txt

clean:  ## remove what setup made
	rm -rf $(VENV) .venv-attack .mypy_cache .ruff_cache .pytest_cache .hypothesis
