# What can I do here?  `make` shows this menu.
.DEFAULT_GOAL := help
.PHONY: help demo run build test check format e2e bench lock clean

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin

help: ## this menu
	@sed -n 's/^\([a-z0-9]*\):.*## \(.*\)/  make \1|\2/p' Makefile | column -t -s '|' 2>/dev/null || grep '##' Makefile

demo: $(VENV)/.run ## the daemon against a simulated Twilio, with people in its rooms; Ctrl-C stops
	@$(BIN)/roomwatch demo

run: $(VENV)/.run ## the daemon against a real account, from config.toml or TWILIO_*
	@$(BIN)/roomwatch run

build: $(VENV)/.run ## the front end, anew
	@$(BIN)/python -m pip install --quiet --no-deps --editable .

test: $(VENV)/.dev ## everything a contributor runs: unit, property, contract, integration, crash
	@$(BIN)/python -m pytest -m "not e2e"

check: $(VENV)/.dev ## format, lint, types, and the front end where there is npm
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@if command -v npm >/dev/null; then \
	    cd dashboards/web && npm ci --silent --ignore-scripts && npm run --silent check && npm test --silent; \
	else echo "no npm here: the front end was not checked"; fi

format: $(VENV)/.dev ## put the code in shape
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

e2e: $(VENV)/.dev ## real Prometheus and real Chromium; needs them installed (see CONTRIBUTING.md)
	@$(BIN)/python -m pytest -m e2e

bench: $(VENV)/.dev ## how fast it is, as ratios against a floor in the same run
	@$(BIN)/python -m tests.benchmarks.ingest
	@$(BIN)/python -m tests.benchmarks.polling

lock: $(VENV)/.dev ## pin what the ranges in pyproject.toml resolve to today
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	    --no-header --output-file requirements/run.txt pyproject.toml
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	    --no-header --extra dev --output-file requirements/dev.txt pyproject.toml

clean: ## forget everything that was built or installed here
	rm -rf $(VENV) build dist dashboards/web/dist dashboards/web/node_modules
	rm -rf .mypy_cache .pytest_cache .ruff_cache .hypothesis

# --- how a venv comes about: once, and again when what it is made from has changed ---

FRONT_END := $(shell find dashboards/web -path '*/node_modules' -prune -o -path '*/dist' -prune -o -type f -print 2>/dev/null)

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo "expected Python 3.11 or newer as '$(PYTHON)'; say PYTHON=... to use another" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.run: requirements/run.txt pyproject.toml hatch_build.py $(FRONT_END) | $(VENV)/bin/python
	@echo "installing into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements/run.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.run
	@echo "installing the developer's tools into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements/dev.txt
	@touch $@
