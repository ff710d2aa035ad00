# The words everyone calls: README, CI and a developer's habit. `make help` lists them.

VENV := .venv
BIN := $(VENV)/bin
DATA ?= activeloop-data
# One process each; two fit the smallest machine CI runs on.
TEST_PROCESSES ?= 2
# One stamp per lock: when the lock has not changed, setting up costs nothing.
RUNTIME := $(VENV)/.runtime-$(firstword $(shell cat requirements.lock requirements-build.lock | cksum))
DEVELOPMENT := $(VENV)/.development-$(firstword $(shell cat requirements-dev.lock | cksum))

# The tests start some hundred processes, which would each compile all they import anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup setup-dev browser demo up test quick test-oldest lint format bench docs screenshots lock clean

help:  ## list these words
	@grep -hE '^[a-z-]+:.*##' Makefile | sed -E 's/:[^#]*## /\t/' | expand -t 14

setup: $(RUNTIME)  ## install what running needs into .venv
setup-dev: $(RUNTIME) $(DEVELOPMENT)  ## install what developing needs as well

$(RUNTIME): pyproject.toml
	@.ci/setup $(VENV) runtime
	@touch $@

$(DEVELOPMENT): | $(RUNTIME)
	@.ci/setup $(VENV) development
	@touch $@

browser:  # Chromium, which the browser tests drive
	@.ci/browser

demo: $(RUNTIME)  ## seed the demo project on real scans and open the loop at http://127.0.0.1:8000
	$(BIN)/activeloop demo --data $(DATA)

up: $(RUNTIME)  ## run everything, embedded, over ./activeloop-data
	$(BIN)/activeloop up --data $(DATA)

test: setup-dev browser  ## all tests, with real servers and a real browser
	$(BIN)/python -m pytest -n $(TEST_PROCESSES) --dist loadgroup $(ARGS)

quick: setup-dev  ## the tests that need no server, no browser and little time
	$(BIN)/python -m pytest -n $(TEST_PROCESSES) --dist loadgroup -m "not slow and not servers and not browser" $(ARGS)

test-oldest: setup-dev  ## the learning tests under the oldest scikit-learn we promise
	@.ci/setup .venv-oldest oldest
	NEWEST=$(abspath $(BIN))/python .venv-oldest/bin/python -m pytest tests/learn tests/flows/test_reproducing.py tests/flows/other_end.py $(ARGS)

lint: setup-dev  ## format, style, types and the imports between rooms
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: setup-dev  ## let ruff mend what it can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: setup-dev  ## measure against the yardsticks, side by side, as ratios
	$(BIN)/python -m benchmarks $(ARGS)

docs: setup-dev  ## write the reference pages that are made from the code
	$(BIN)/python -m docs.build

screenshots: setup-dev browser  ## take the pictures of README and docs from the demo
	$(BIN)/python -m docs.screenshots

lock: setup-dev  ## pin every dependency again, with hashes
	.ci/lock $(BIN)/uv

clean:  ## remove caches and environments, never data
	rm -rf $(VENV) .venv-oldest .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage .coverage.* build dist test-artifacts
