# Two commands are enough: `make run` and `make demo`. Both set up what they need (python 3.11+ and make).
.DEFAULT_GOAL := help
.PHONY: help setup setup-test run demo test lint replay migrate bench screens

VENV_PYTHON := .venv/bin/python
# The environment's own python when there is one (quick), else the first of the system's that is new enough.
BOOTSTRAP = set -e; if [ -x $(VENV_PYTHON) ]; then found=$(VENV_PYTHON); else found=; \
	for each in python3 python3.14 python3.13 python3.12 python3.11; do \
	if command -v $$each >/dev/null && $$each -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; \
	then found=$$each; break; fi; done; fi; \
	if [ -z "$$found" ]; then \
	echo "Python 3.11 or newer is needed; install it, for example with: apt-get install -y python3 python3-venv" >&2; \
	exit 1; fi; $$found -I sakpore/bootstrap.py

help: ## show this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | while IFS="$$(printf '\t')" read -r name words; do \
	printf '  make %-10s %s\n' "$$name" "$$words"; done

setup: ## make .venv from the lock and build the web assets
	@$(BOOTSTRAP) run

setup-test:
	@$(BOOTSTRAP) test

run: setup ## start the office on this machine, until Ctrl-C
	@exec $(VENV_PYTHON) -m sakpore up

demo: setup ## drive three permits through a stack of their own, then stop it
	@exec $(VENV_PYTHON) -m sakpore demo

test: lint ## set up, lint and run every test, browser included
	$(VENV_PYTHON) -m pytest

lint: setup-test ## ruff, mypy and the import contracts
	$(VENV_PYTHON) -m ruff check .
	$(VENV_PYTHON) -m mypy
	.venv/bin/lint-imports

replay: setup-test ## replay saved histories against the workflows
	$(VENV_PYTHON) -m pytest tests/workflows/test_replay.py

migrate: setup ## bring the database to the newest schema
	@$(VENV_PYTHON) -m sakpore.stack migrate

bench: setup ## measure permits per second against the floor
	@$(VENV_PYTHON) -m benchmarks

screens: setup-test ## write every page in every state as pictures into var/screens
	@$(VENV_PYTHON) -m tests.pages.screens
