# One verb each. Every verb does its own set-up; nothing but Python 3.11 or newer and make is needed.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test pictures check bench lock clean
.DEFAULT_GOAL := help

help:
	@echo "make demo   sandbox and desk side by side, with sample mails: see the desk work"
	@echo "make test   every test (the browser test needs Chromium and says so when there is none)"
	@echo "make pictures  the README's picture anew, from the browser test"
	@echo "make check  format, lint, types, imports"
	@echo "make bench  the benchmarks"
	@echo "make lock   write the locked requirements anew"

$(VENV)/demo: requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/dev: requirements-dev.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@ $(VENV)/demo

demo: $(VENV)/demo
	$(BIN)/desk demo $(ARGS)

test: $(VENV)/dev
	$(BIN)/python -m pytest $(ARGS)

# every step's picture is in .pictures then
pictures: $(VENV)/dev
	$(BIN)/python -m pytest tests/journeys/test_browser.py --pictures .pictures
	mkdir -p docs && cp .pictures/page.png docs/page.png

check: $(VENV)/dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/dev
	$(BIN)/python -m bench

lock:
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-strip-extras --no-header --extra build pyproject.toml -o requirements.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-strip-extras --no-header --extra build --extra dev pyproject.toml -o requirements-dev.lock

clean:
	rm -rf $(VENV) data .pictures .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
