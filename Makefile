# `make demo` and `make test` set up what they need; nothing else has to be installed by hand.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test lint types unit fuzz bench mutation clean

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

bench: $(READY)
	$(BIN)/python benchmarks/determinations.py

# small errors in the law that no worked example notices: minutes, so not a part of `make test`
mutation: $(READY)
	$(BIN)/kazets mutate

clean:
	rm -rf $(VENV) build *.egg-info
