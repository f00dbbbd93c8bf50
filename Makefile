# `make run` and `make test` need Python 3.11 to 3.13 and nothing else.

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && { echo $$p; break; }; done)
PY := .venv/bin/python

help:           ## this list
	@sed -n 's/^\([a-z-]*\): .*## /  make \1	/p' $(MAKEFILE_LIST) | expand -t 20

run: venv       ## the whole portal on this machine: PORT=8000 DATA_DIR=.data
	@exec $(PY) -m stack.run

test: venv-dev  ## every check, then every test, on real PostgreSQL and Valkey: COVERAGE=0 counts no branches, LOOKS=0 opens pages without the accessibility checker
	@exec $(PY) -m stack.check

coverage: venv-dev  ## some tests or all, and which branches none of them takes: ARGS="..."
	@nice $(PY) -m slipcover --fail-under 0 -m pytest -n 2 $(ARGS)

fuzz: venv-dev  ## ask the API all that its document allows, and what it does not: EXAMPLES=1000 SEED=...
	@exec env EXAMPLES="$(EXAMPLES)" SEED="$(SEED)" $(PY) -m pytest tests/fuzz/hunt.py -s

chaos: venv-dev  ## everything breaks while customers pay: MINUTES=10 SEED=... WEB=150 POSTGRES=20 ..., see docs/reliability.md
	@exec nice $(PY) -m tests.chaos

focus: venv-dev  ## hold a file against the public validator of FOCUS, in an environment of its own
	@.venv/bin/uv venv --quiet --allow-existing --python $(PY) .venv/focus
	@.venv/bin/uv pip install --quiet --require-hashes --python .venv/focus/bin/python -r requirements-focus.txt
	@FOCUS_VALIDATOR=.venv/focus/bin/focus-validator $(PY) -m pytest tests/focus

sabotage: venv-dev  ## take guards away one at a time, and name the test that notices: ONLY="part of a name"
	@exec env ONLY="$(ONLY)" nice $(PY) -m tests.sabotage

bench: venv     ## measure the heavy work: ARGS="..."
	@exec $(PY) -m bench $(ARGS)

screenshots: venv-dev  ## pictures of the main pages into docs/screens: both languages and themes, desktop and telephone: ARGS="wallet trash"
	@exec nice $(PY) -m tests.browser.screens $(ARGS)

fmt: venv-dev   ## format code and templates
	@$(PY) -m ruff check --fix --quiet .
	@$(PY) -m ruff format .
	@.venv/bin/djangofmt --quiet templates
	@.venv/bin/djangofmt --quiet --profile jinja sandbox/templates

lock: venv      ## renew the locks from requirements*.in: UPGRADE=--upgrade
	@for name in requirements requirements-engines requirements-dev requirements-focus; do \
		.venv/bin/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header \
			--quiet $(UPGRADE) $$name.in --output-file $$name.txt || exit 1; done

env:            ## .env with fresh keys and passwords, for docker compose; what it says already stays
	@$(or $(PYTHON),python3) stack/env.py

clean:          ## remove the environment, the caches and the demo's data
	@$(or $(PYTHON),python3) stack/clean.py

venv:
	@$(or $(PYTHON),python3) stack/bootstrap.py

venv-dev:
	@$(or $(PYTHON),python3) stack/bootstrap.py --dev

.PHONY: help run test coverage fuzz chaos focus sabotage bench screenshots fmt lock env clean venv venv-dev
