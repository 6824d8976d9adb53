# Two commands: `make demo` and `make test`. Each sets up what it needs; both can be repeated.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

STUDY ?= .demo/study
RESULTS ?= .demo/results
FIGURES ?= .demo/figures
REPORT ?= .demo/report.html
PAPER ?= .demo/paper.pdf
JOBS ?= 2

BIN := .venv/bin
MADE := .venv/.made
READY := .venv/.ready
TOOLS := .venv/.ready-dev
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable
QUIETLY := 2> >(grep -v '^WARNING: Location' >&2)
export OMP_NUM_THREADS := 1
export MNE_LOGGING_LEVEL := ERROR
export MPLBACKEND := Agg

.PHONY: help demo paper test slow lint lowest docs clean

help:
	@echo "make demo   simulate a small study and analyse it: figures, report and paper in .demo/"
	@echo "make paper  set the manuscript from the results and figures in .demo/"
	@echo "make test   run the tests"
	@echo "make slow   run the long calibrations, too (about an hour)"
	@echo "make docs   build the site in .docs/html"
	@echo "make lint   check style and types"
	@echo "make lowest run the tests with the lowest versions that pyproject.toml allows"
	@echo "make clean  remove .demo and .venv"

$(MADE):
	@python=; for candidate in $(PYTHON) python3 python3.13 python3.12 python3.11; do \
	  if $$candidate -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; \
	  then python=$$candidate; break; fi; done; \
	if [ -z "$$python" ]; then echo "Python 3.11 or later is needed; install it or set PYTHON=..."; exit 1; fi; \
	echo "making .venv with $$($$python --version)"; \
	$$python -m venv .venv && touch $@

# The demo needs the extra `all`, everything else the extra `dev`, which includes `all`.
$(READY): pyproject.toml constraints.txt | $(MADE)
	@echo "installing the package and all extras (one to four minutes)"
	@$(INSTALL) '.[all]' $(QUIETLY)
	@touch $@

$(TOOLS): pyproject.toml constraints.txt | $(MADE)
	@echo "installing the package, all extras and the tools of developers (one to four minutes)"
	@$(INSTALL) '.[dev]' $(QUIETLY)
	@touch $(READY) $@

$(STUDY)/truth.json: | $(READY)
	@echo "== 1/6 simulating a study with known truth in $(STUDY)"
	@rm -rf $(STUDY)
	@$(BIN)/mmme simulate $(STUDY) --participants 10 --videos 12 --seed 20260101

demo: $(READY) $(STUDY)/truth.json
	@echo "== 2/6 checking what is there"
	@$(BIN)/mmme check $(STUDY)
	@echo "== 3/6 analysing"
	@MMME_JOBS=$(JOBS) $(BIN)/python -W ignore -m analyses --study $(STUDY) --results $(RESULTS)
	@echo "== 4/6 drawing figures"
	@$(BIN)/python -W ignore -m figures --results $(RESULTS) --out $(FIGURES)
	@echo "== 5/6 writing the report"
	@$(BIN)/mmme report $(RESULTS) --figures $(FIGURES) --out $(REPORT) --name "Demo study"
	@echo "== 6/6 setting the manuscript"
	@$(BIN)/python -m paper --results $(RESULTS) --figures $(FIGURES) --out $(PAPER)
	@echo "done: open $(REPORT) and $(PAPER)"

# From results and figures as they are, also of another study: RESULTS=, FIGURES=, PAPER=.
paper: $(READY)
	@$(BIN)/python -m paper --results $(RESULTS) --figures $(FIGURES) --out $(PAPER)

test: $(TOOLS)
	@echo "running the tests on $(JOBS) cores"
	@$(BIN)/python -m pytest -n $(JOBS) --dist loadfile -q

slow: $(TOOLS)
	@$(BIN)/python -m pytest -n $(JOBS) --dist loadfile -q -m slow

docs: $(TOOLS)
	@$(BIN)/python -m sphinx -W --keep-going -q -d .docs/doctrees docs .docs/html
	@echo "done: open .docs/html/index.html"

lint: $(TOOLS)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

lowest: $(TOOLS)
	@$(BIN)/python -m pip install --quiet uv
	@$(BIN)/uv venv --quiet --clear .venv-lowest
	@$(BIN)/uv pip install --quiet --python .venv-lowest/bin/python --resolution lowest-direct --editable '.[dev]'
	@.venv-lowest/bin/python -m pytest -n $(JOBS) --dist loadfile -q

clean:
	rm -rf .demo .docs docs/api docs/gallery .venv .venv-lowest
