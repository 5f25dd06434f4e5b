# Every command needs nothing but Python 3.11 or newer.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := pyproject.toml requirements.txt hatch_build.py gallery/static/package-lock.json

.PHONY: demo quick test check messages clean

demo: $(VENV)/.demo
	$(BIN)/gallery demo

# SQLite, in one process for each core: no server, browser, store, registry or proxy.
quick: $(VENV)/.test
	$(BIN)/pytest -m quick --hypothesis-profile=quick $(PYTEST_FLAGS)

test: $(VENV)/.test
	$(BIN)/pytest $(PYTEST_FLAGS)

check: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

messages: $(VENV)/.test
	$(BIN)/python -m gallery.web.catalogues

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.demo: $(VENV)/bin/python $(INSTALLED)
	$(BIN)/pip install --quiet --constraint requirements.txt --editable '.[heic,demo]'
	touch $@

$(VENV)/.test: $(VENV)/bin/python $(INSTALLED)
	$(BIN)/pip install --quiet --constraint requirements.txt --editable '.[test]'
	touch $@ $(VENV)/.demo

clean:
	rm -rf $(VENV)
