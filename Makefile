# `make run` plays a pattern and a minute of drumming with the models that come along, and opens the
# drum machine in the browser; `make test` checks everything. Each sets up what it needs by itself, in
# an environment of its own.

PYTHON ?= python3
BASE := .venv-run
DEV := .venv
JOBS ?= 2
PORT ?= 8765

.PHONY: run test lint bench clean

run: $(BASE)/.installed
	$(BASE)/bin/paradiddle generate --style funk --bars 8 -o pattern.mid -o pattern.wav
	$(BASE)/bin/paradiddle drum --seconds 60 -o drums.mid -o drums.wav
	$(BASE)/bin/paradiddle serve --open --port $(PORT)

# one thread a job: several that compute with all cores at once wait for each other most of the time
test: $(DEV)/.installed lint
	tests/prepare.sh
	OMP_NUM_THREADS=1 $(DEV)/bin/python -m pytest -n $(JOBS)

lint: $(DEV)/.installed
	$(DEV)/bin/ruff format --check .
	$(DEV)/bin/ruff check .
	$(DEV)/bin/mypy

bench: $(DEV)/.installed
	$(DEV)/bin/python -m benchmarks

$(BASE)/.installed: pyproject.toml
	$(PYTHON) -m venv $(BASE)
	$(BASE)/bin/python -m pip install -q -e .
	touch $@

# torch first and by its exact version, so that nothing else chooses a larger build of it
$(DEV)/.installed: pyproject.toml
	$(PYTHON) -m venv $(DEV)
	$(DEV)/bin/python -m pip install -q torch==2.13.0
	$(DEV)/bin/python -m pip install -q -e '.[dev]'
	touch $@

clean:
	rm -rf $(BASE) $(DEV) .pytest_cache .mypy_cache .ruff_cache .hypothesis
