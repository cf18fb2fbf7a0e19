# One word a job; every recipe sets up what it needs. `make help` lists them.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin

.PHONY: help demo test lint bench bench-web prove prove-kills prove-hostile prove-findings prove-histories serve lock clean

help: ## list these recipes
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 17

demo: $(VENV)/run ## a pretend tenant, connected, read and reported, from nothing; on a terminal then the web application
	@if [ -t 1 ]; then $(BIN)/seatkeeper demo; else $(BIN)/seatkeeper demo --once; fi

test: $(VENV)/dev ## every fast test, on SQLite and on a real PostgreSQL
	$(BIN)/pytest -q -n 4 --dist loadgroup

lint: $(VENV)/dev ## style, types and layers
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && SEATKEEPER_HOME=$(CURDIR)/$(VENV)/home $(BIN)/mypy && $(BIN)/lint-imports --no-cache

bench: $(VENV)/dev ## rows a CPU second beside the floors, peak memory, and all findings of a large tenant; longer ones: .venv/bin/python -m benchmarks --throttled, or --memory
	$(BIN)/python -m benchmarks
	$(BIN)/python -m benchmarks.sandbox
	$(BIN)/python -m benchmarks --insight

bench-web: $(VENV)/dev ## every page over a large tenant: p50, p95 and queries, also while a sync writes
	$(BIN)/python -m benchmarks.web

prove: prove-kills prove-hostile prove-findings prove-histories ## all four proofs, with figures: some two hours, so each can be run alone

prove-kills: $(VENV)/dev ## runs killed, starved of disk, put to sleep and cut off from power
	$(BIN)/python -m tests.crash

prove-hostile: $(VENV)/dev ## answers spoiled and links that lead elsewhere
	$(BIN)/python -m tests.hostile

prove-findings: $(VENV)/dev ## every finding of 200 tenants against the truth
	$(BIN)/python -m tests.insights_truth

prove-histories: $(VENV)/dev ## anything in any order, and thousands of generated histories
	PROVE=1 $(BIN)/pytest -q tests/property

serve: $(VENV)/run ## the sandbox alone, for other Graph clients
	$(BIN)/seatkeeper sandbox serve

lock: $(VENV)/dev ## pin every dependency anew, with hashes and without addresses
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate pyproject.toml requirements/build.in -o requirements/run.txt
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate --extra dev pyproject.toml requirements/build.in -o requirements/dev.txt

clean: ## remove what the other recipes made
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis

# The two environments are one folder: `dev` is `run` and the tools of developers.
$(VENV)/run: requirements/run.txt pyproject.toml package-lock.json tools/build_assets.py
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements/run.txt
	$(BIN)/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	$(BIN)/python tools/build_assets.py
	@touch $@

$(VENV)/dev: requirements/dev.txt pyproject.toml package-lock.json tools/build_assets.py
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	$(BIN)/python tools/build_assets.py --tests
	@touch $@ $(VENV)/run
