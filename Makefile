# capsite's commands. `make` alone lists them; each prepares what it needs first.

PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --disable-pip-version-check --quiet -c constraints.txt
APT := timeout 300 apt-get -y -qq -o Acquire::Retries=1 -o Acquire::http::Timeout=20
PYTEST := $(BIN)/python -m pytest
# One process a core, each with servers of its own; a file's tests stay together.
SIDE_BY_SIDE := -n auto --maxprocesses 4 --dist loadfile
ARGS ?=

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help run test test-all check format messages deploy-tools chaos faults sockets soak load audit browser java clean

help:  ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' Makefile

run: $(VENV)/run.stamp  ## start capsite (PORT=8000; more options: make run ARGS="--help")
	@exec $(BIN)/python manage.py up $(ARGS)

test: check browser java  ## check, then every test but the slow ones and those for a GPU
	$(PYTEST) $(SIDE_BY_SIDE) -m "not gpu and not slow" $(ARGS)

test-all: check browser java  ## check, then every test but those for a GPU
	$(PYTEST) $(SIDE_BY_SIDE) -m "not gpu" $(ARGS)

load: $(VENV)/dev.stamp  ## 150 caption requests a second for a minute, to the site on 127.0.0.1
	$(BIN)/locust -f tests/load/locustfile.py --headless --host http://127.0.0.1:$${PORT:-8000} \
	  --users 30 --spawn-rate 30 --run-time 60s --only-summary $(ARGS)

deploy-tools: $(VENV)/dev.stamp  ## fetch Helm, Compose and Hadolint for the tests of deploy/
	$(BIN)/python -m tests.deploy.tools

chaos: $(VENV)/dev.stamp  ## kill worker, Valkey and PostgreSQL while 200 photos are uploaded
	$(PYTEST) -m slow tests/flows/test_chaos.py $(ARGS)

faults: $(VENV)/dev.stamp  ## break a site in 20 ways while people use it; a verdict for each
	$(BIN)/python -m tests.load.faults $(ARGS)

sockets: $(VENV)/dev.stamp  ## 1,000 open screens on one web process: who hears what, and when
	$(BIN)/python -m tests.load.sockets $(ARGS)

soak: $(VENV)/dev.stamp  ## a crowd for 30 minutes; memory, files and connections must not grow
	$(BIN)/python -m tests.load.soak $(ARGS)

check: $(VENV)/dev.stamp  ## format, lint, types, layers, templates, migrations
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	find templates -name '*.html' -exec $(BIN)/djade --check --target-version 5.2 {} +
	$(BIN)/djlint --quiet --lint templates
	$(BIN)/python -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run

format: $(VENV)/dev.stamp  ## put code and templates into the form that check wants
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	find templates -name '*.html' -exec $(BIN)/djade --target-version 5.2 {} +

messages: $(VENV)/dev.stamp  ## renew and compile the Turkish catalogue; names what is not translated
	$(BIN)/python -m tests.translations.catalogue

audit: $(VENV)/audit.stamp  ## known vulnerabilities, insecure constructs, secrets in the repository
	$(VENV)/audit/bin/bandit --quiet --recursive --configfile pyproject.toml --severity-level medium \
	  capsite gallery captions annotations workers clients/python/src
	git ls-files -z | xargs -0 $(VENV)/audit/bin/detect-secrets-hook --baseline .secrets.baseline
	$(VENV)/audit/bin/pip-audit --requirement constraints.txt --no-deps --disable-pip --progress-spinner off

clean:  ## remove caches and what tests left (your photos in var/ stay)
	rm -rf var/test .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +

# --- what the commands need ------------------------------------------------------------------
# A stamp is written last, so an interrupted installation is simply repeated.

$(VENV)/made.stamp:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || { \
	  echo "capsite needs Python 3.11 and '$(PYTHON)' is not one. Install it (Debian and Ubuntu:" \
	    "python3.11 python3.11-venv; or pyenv install 3.11), or name it: PYTHON=/path/python3.11 make run" >&2; \
	  exit 2; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV) || { \
	  echo "$(PYTHON) could not make $(VENV). On Debian and Ubuntu install python3.11-venv." >&2; \
	  exit 2; }
	@touch $@

$(VENV)/run.stamp: $(VENV)/made.stamp requirements.txt constraints.txt
	@echo "Installing what capsite needs into $(VENV) (minutes the first time) ..."
	$(PIP) -r requirements.txt
	@touch $@

$(VENV)/dev.stamp: $(VENV)/made.stamp requirements.txt requirements-train.txt requirements-otel.txt requirements-dev.txt constraints.txt
	@echo "Installing what capsite and its tests need into $(VENV) (minutes the first time) ..."
	$(PIP) -r requirements-dev.txt
	@touch $(VENV)/run.stamp $@

$(VENV)/audit.stamp: $(VENV)/made.stamp requirements-audit.txt
	$(PYTHON) -m venv $(VENV)/audit
	$(VENV)/audit/bin/python -m pip install --disable-pip-version-check --quiet -r requirements-audit.txt
	@touch $@

# A browser for the browser tests: CAPSITE_CHROMIUM, an installed one, the machine's package
# manager when root, Playwright's own. Without one those tests are skipped, and this says so.
HAS_BROWSER := { [ -n "$$CAPSITE_CHROMIUM" ] && [ -x "$$CAPSITE_CHROMIUM" ]; } \
  || command -v chromium || command -v chromium-browser || command -v google-chrome
CAN_APT := [ "$$(id -u)" = 0 ] && command -v apt-get

browser: $(VENV)/dev.stamp
	@export DEBIAN_FRONTEND=noninteractive; \
	{ $(HAS_BROWSER); } >/dev/null \
	|| { { $(CAN_APT); } >/dev/null && echo "No Chromium: installing one ..." \
	  && $(APT) update </dev/null && $(APT) install --no-install-recommends chromium </dev/null; } \
	|| { echo "No Chromium: asking Playwright for one ..." \
	  && timeout 300 $(BIN)/python -m playwright install chromium </dev/null; } \
	|| { echo; echo "*** BROWSER TESTS WILL NOT RUN: no Chromium here, and none could be installed."; \
	  echo "*** Install one and name it with CAPSITE_CHROMIUM=/path/to/chromium."; echo; }

# Java runs METEOR and SPICE of the official caption metrics.
java: $(VENV)/dev.stamp
	@export DEBIAN_FRONTEND=noninteractive; \
	command -v java >/dev/null \
	|| { { $(CAN_APT); } >/dev/null && echo "No Java: installing one ..." \
	  && $(APT) update </dev/null \
	  && $(APT) install --no-install-recommends default-jre-headless </dev/null; } \
	|| { echo; echo "*** TESTS OF THE OFFICIAL METRICS WILL NOT RUN: no Java here."; echo; }
