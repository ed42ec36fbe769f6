# `make demo` and `make test` set up what they need; nothing else has to be installed by hand.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test lint types unit fuzz bench test-spark mutation clean

$(READY): pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@

demo: $(READY)
	$(BIN)/kazets determine examples/plan-2018-2020
	$(BIN)/kazets determine examples/plan-2021
	$(BIN)/kazets why examples/case.yaml K-1 2024

test: lint types unit

lint: $(READY)
	$(BIN)/ruff check .

types: $(READY)
	$(BIN)/mypy

unit: $(READY)
	$(BIN)/pytest -n 2

# Coverage-guided fuzzing, outside the tests: make fuzz [FUZZ_SECONDS=600] [FUZZ_TARGETS="yaml case"]
FUZZ_SECONDS ?= 60
FUZZ_TARGETS ?= yaml expression case register ruleset
fuzz: $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[fuzz]'
	for target in $(FUZZ_TARGETS); do $(BIN)/python -m tests.fuzz.run $$target $(FUZZ_SECONDS) || exit 1; done

# The peers live in an environment of their own, with the versions that benchmarks/requirements.txt pins.
BENCH := $(VENV)-bench
BENCH_ROWS ?= 100000,1000000,10000000
BENCH_ROUNDS ?= 3
$(BENCH)/.ready: benchmarks/requirements.txt pyproject.toml
	test -x $(BENCH)/bin/python || $(PYTHON) -m venv $(BENCH)
	$(BENCH)/bin/python -m pip install --quiet --disable-pip-version-check --editable . --requirement benchmarks/requirements.txt
	touch $@

# make bench [BENCH_ROWS=10000000] [BENCH_ROUNDS=5]: about a quarter of an hour on two quiet cores, and 24 GB of memory for the largest of the peers
bench: $(READY) $(BENCH)/.ready
	$(BIN)/python benchmarks/determinations.py
	$(BENCH)/bin/python benchmarks/registers.py --rows $(BENCH_ROWS) --rounds $(BENCH_ROUNDS)
	$(BENCH)/bin/python benchmarks/files.py
	$(BENCH)/bin/python benchmarks/scheme.py
	$(BENCH)/bin/python benchmarks/growth.py

# Needs Java 17; about a gigabyte of packages, so not a part of `make test`
test-spark: $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev,spark]'
	$(BIN)/pytest -n 0 tests/test_register_spark.py

# small errors in the law that no worked example notices: minutes, so not a part of `make test`
mutation: $(READY)
	$(BIN)/kazets mutate

clean:
	rm -rf $(VENV) $(BENCH) build *.egg-info
