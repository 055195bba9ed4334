# Performance Ledger: every task in one place. `make` lists them.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PRODUCT := ledger projections api
TESTS ?= tests
# Tests mostly wait for processes and for the database: three side by side keep two cores busy. A file stays together.
WORKERS ?= 3

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup run test check static format format-check lint types imports fresh docs bench bench-large soak lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

# --- first contact

setup: $(READY) ## make .venv with every pinned package (again only when pins or pyproject.toml change)
	@:

# The stamp is touched last: a set-up that was cut off starts again.
$(READY): constraints.txt pyproject.toml
	@command -v "$(PYTHON)" >/dev/null || \
		{ echo "Set-up stopped: '$(PYTHON)' was not found; install Python 3.11 or newer, or name it: make PYTHON=/path/to/python3" >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Set-up stopped: '$(PYTHON)' is older than Python 3.11; install a newer one, or name it: make PYTHON=python3.12" >&2; exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "Set-up stopped: '$(PYTHON)' has no venv module; install it (on Debian and Ubuntu: apt-get install python3-venv)." >&2; exit 1; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || { echo "Making $(VENV)"; "$(PYTHON)" -m venv --clear $(VENV); }
	@echo "Installing the pinned packages (the first time takes about a minute)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement constraints.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

run: $(READY) ## start the service on an embedded database with a demonstration company
	@exec $(BIN)/pledger demo

test: $(READY) ## run the whole test suite (one part: make test TESTS=tests/tidy)
	@$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadfile $(TESTS)

# --- what must be green before a change lands

check: static test ## all of it: format, lint, types, imports, fresh pages, tests and the examples in the docs

static: format-check lint types imports fresh ## all of `check` but the tests

format: $(READY) ## lay the code out
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix --select I .

format-check: $(READY)
	@$(BIN)/ruff format --check .

lint: $(READY) ## look for likely faults
	@$(BIN)/ruff check .

types: $(READY) ## check types, strictly
	@$(BIN)/mypy

imports: $(READY) ## check that imports point one way
	@$(BIN)/lint-imports

fresh: $(READY)
	@$(BIN)/python docs/generate.py --check

docs: $(READY) ## write the generated reference pages
	@$(BIN)/python docs/generate.py

# --- figures and long runs, never part of `check`

bench: $(READY) ## measure speed beside its peers (some minutes)
	@exec $(BIN)/pledger bench

bench-large: $(READY) ## the same at ten million events (an hour and 30 GB of disk)
	@exec $(BIN)/pledger bench --large

soak: $(READY) ## kill loops, fuzzing and large properties at full length
	@PLEDGER_SOAK=1 $(BIN)/python -m pytest -m "soak or not large" --timeout=7200 $(TESTS)

# --- housekeeping

# Existing pins are kept where pyproject.toml allows them; `make lock UPGRADE=--upgrade` moves them. No address of an
# index may get into the file, whatever pip is told on this machine.
lock: $(READY) ## make constraints.txt again from pyproject.toml
	@env -u PIP_FIND_LINKS -u PIP_EXTRA_INDEX_URL -u PIP_CONSTRAINT CUSTOM_COMPILE_COMMAND="make lock" \
		$(BIN)/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras --extra dev --build-deps-for editable \
		--no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-emit-options --newline lf $(UPGRADE) \
		--output-file constraints.txt pyproject.toml
	@touch $(READY)

clean: ## remove .venv and caches; data in .pledger stays
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage
	find $(PRODUCT) tests docs -name __pycache__ -type d -prune -exec rm -rf {} +
