# make run    start VPM on this machine, with a demo     make test   every check and every test
# make bench  the measured ratios                        make lock   pin the requirements again
# Written for GNU make 3.81 too (macOS). Python is the first of these that is new enough, or PYTHON=…
CANDIDATES := python3 python3.11 python3.12 python3.13
NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for p in $(CANDIDATES); do $$p -c '$(NEW_ENOUGH)' 2>/dev/null && echo $$p && break; done)

PY := .venv/bin/python
PIP := $(PY) -m pip install --quiet --disable-pip-version-check --no-input --require-hashes
LOCK := $(PY) -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate
CATALOGUES := $(wildcard locale/*/LC_MESSAGES/django.po)

# Checks and tests write here, never into the data of the product that runs from this folder.
lint test bench: export VPM_DATA_DIR := $(CURDIR)/.venv/checks

.PHONY: run test lint bench lock clean runtime development catalogues
.DEFAULT_GOAL := run

run: runtime catalogues
	@exec $(PY) manage.py up $(ARGS)

test: lint
	@$(PY) -m pytest -n auto --dist worksteal $(ARGS)

lint: development catalogues
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check --quiet . || { echo "Run: $(PY) -m ruff format"; exit 1; }
	@$(PY) -m mypy
	@.venv/bin/lint-imports
	@$(PY) manage.py makemigrations --check --dry-run

bench: development catalogues
	@$(PY) -m pytest -q -m bench tests/cells/test_bench.py
	@$(PY) -m tests.bench $(ARGS)

lock: development
	@$(LOCK) requirements.in -o requirements.txt
	@$(LOCK) requirements-dev.in -c requirements.txt -o requirements-dev.txt

clean:
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	@echo "Your data (.data or VPM_DATA_DIR) was kept."

$(PY):
	@test -n "$(PYTHON)" || { echo "VPM needs Python 3.11 or newer, and none of these is: $(CANDIDATES)." \
	  "Install one, or name it: make PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -c '$(NEW_ENOUGH)' || { echo "VPM needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V 2>&1)."; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || \
	  { echo "This Python cannot make virtual environments. On Debian or Ubuntu: apt-get install python3-venv"; exit 1; }
	@echo "Creating .venv …"
	@$(PYTHON) -m venv --clear .venv

# What was installed last is kept as a copy: the content of a lock counts, not its date.
runtime: $(PY)
	@cmp -s requirements.txt .venv/runtime.txt || { echo "Installing dependencies (once) …" && \
	  $(PIP) -r requirements.txt && cp requirements.txt .venv/runtime.txt; }

development: runtime
	@cmp -s requirements-dev.txt .venv/development.txt || { echo "Installing what the checks need (once) …" && \
	  $(PIP) -r requirements-dev.txt && cp requirements-dev.txt .venv/development.txt; }

catalogues:
	@for po in $(CATALOGUES); do test "$${po%.po}.mo" -nt "$$po" || stale=yes; done; \
	  test -z "$$stale" || $(PY) -m babel.messages.frontend --quiet compile -D django -d locale
