# Everything from a fresh clone: each verb sets up what it needs. Only Python (3.11 or later) and make are taken for granted.
PYTHON ?= python3
VENV ?= .venv
BENCH_VENV ?= .venv-bench
WORKERS ?= 2
PYTEST_ARGS ?=
BENCH_ARGS ?=

bin := $(VENV)/bin
pytest := $(bin)/python -m pytest -n $(WORKERS) $(PYTEST_ARGS)
pip := -m pip --disable-pip-version-check install --quiet

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-jit test-nojit bench lint docs clean

help:
	@echo "demo   the whole life of a stack, report in demo-output/"
	@echo "test   the test suite, with the JIT compiler on and then off"
	@echo "bench  against the peers (in $(BENCH_VENV))"
	@echo "lint   ruff, numpydoc, mypy, import contracts"
	@echo "docs   HTML in docs/_build/html"
	@echo "clean  remove what the other verbs made, the virtual environments included"

setup: $(VENV)/.installed

# The stamp is younger than the lock and the metadata it was installed from; it is written last, so a failed set-up is repeated.
$(VENV)/.installed: requirements/dev.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Python 3.11 or later is needed: make PYTHON=...")'
	$(PYTHON) -m venv $(VENV)
	$(bin)/python $(pip) --require-hashes -r $<
	$(bin)/python $(pip) --no-deps --no-build-isolation -e .
	touch $@

$(BENCH_VENV)/.installed: requirements/peers.lock pyproject.toml
	$(PYTHON) -m venv $(BENCH_VENV)
	$(BENCH_VENV)/bin/python $(pip) --require-hashes -r $<
	$(BENCH_VENV)/bin/python $(pip) --no-deps --no-build-isolation -e .
	touch $@

demo: setup
	$(bin)/render-io demo --output demo-output

test: test-jit test-nojit

# The kernels are compiled once, ahead of the workers, which would each compile them otherwise.
test-jit: setup
	$(bin)/python -c "import transforms; transforms.warmup()"
	$(pytest)

test-nojit: setup
	NUMBA_DISABLE_JIT=1 $(pytest) -m "not jit_only"

bench: $(BENCH_VENV)/.installed
	$(BENCH_VENV)/bin/python -m benchmarks $(BENCH_ARGS)

lint: setup
	$(bin)/ruff check .
	$(bin)/ruff format --check .
	$(bin)/numpydoc lint $$(find transforms render_io -name '*.py')
	$(bin)/mypy
	$(bin)/lint-imports --no-cache  # its cache misreads modules that appeared after their importer

docs: setup
	$(bin)/python -m sphinx -W --keep-going -q -b html docs docs/_build/html
	@echo "docs/_build/html/index.html"

clean:
	rm -rf $(VENV) $(BENCH_VENV) docs/_build demo-output build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
