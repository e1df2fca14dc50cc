# `make demo` and `make test` do all of their own set-up: a virtual environment in .venv and the locked dependencies.
PYTHON ?= python3
ARTICLES ?=

# Modules are compiled once, whatever the environment says: without that every command takes four times as long.
unexport PYTHONDONTWRITEBYTECODE

VENV := .venv
UV := $(VENV)/bin/uv
TREE := build/tree/iraqstance
OLDEST := build/oldest

.PHONY: demo test check readme typecheck lint tests oldest card measure picture help
.DEFAULT_GOAL := help

help:
	@echo "make demo                    run the whole path on the open edition"
	@echo "make demo ARTICLES=FOLDER    the same on your own copies of the source articles"
	@echo "make test                    linters, types, import rules and tests"
	@echo "make check                   linters, types and import rules alone"
	@echo "make oldest                  test training and dataset with the oldest dependencies that are allowed"
	@echo "make readme                  put the demo's true output into the README"
	@echo "make picture                 make the README's picture of the labelling page"
	@echo "make card                    make the dataset's files, its card and its pictures anew"
	@echo "make measure ARTICLES=FOLDER measure what the card says of diversity and baselines; then make card"

demo: $(VENV)/.ready
	@$(VENV)/bin/iraqstance demo $(if $(ARTICLES),"$(ARTICLES)")

test: check tests

check: lint typecheck

lint: $(VENV)/.ready
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/check-jsonschema --builtin-schema vendor.citation-file-format CITATION.cff

# Checkers that follow import names find the rooms in a tree of links.
typecheck: $(VENV)/.ready $(TREE)
	MYPYPATH=build/tree $(VENV)/bin/mypy --package iraqstance
	PYTHONPATH=build/tree $(VENV)/bin/lint-imports --no-cache

tests: $(VENV)/.ready
	$(VENV)/bin/pytest --numprocesses 3 --dist loadgroup

# What is tested with stays as it is; what the package depends on is as old as pyproject.toml lets it be. Below that things
# are new, and deprecate what the old ones use of them.
oldest: $(VENV)/.ready
	$(UV) venv --quiet --clear --python $(VENV)/bin/python $(OLDEST)
	$(UV) pip compile --quiet --all-extras --resolution lowest-direct --python $(OLDEST) --output-file $(OLDEST)/constraints.txt pyproject.toml
	$(UV) pip install --quiet --python $(OLDEST) --constraints $(OLDEST)/constraints.txt --group dev --editable ".[all]"
	$(OLDEST)/bin/pytest --numprocesses 2 --dist loadgroup -W ignore::DeprecationWarning tests/training tests/dataset

readme: $(VENV)/.ready
	$(VENV)/bin/python benchmarks/readme.py $(if $(ARTICLES),--articles "$(ARTICLES)")

card: $(VENV)/.ready
	$(VENV)/bin/iraqstance dataset build --output dataset
	$(VENV)/bin/iraqstance dataset figures

measure: $(VENV)/.ready
	$(VENV)/bin/python benchmarks/diversity.py --articles "$(ARTICLES)" --write
	$(VENV)/bin/python benchmarks/baselines.py --articles "$(ARTICLES)" --jobs 2 --write

picture: $(VENV)/.ready
	$(VENV)/bin/python benchmarks/screenshot.py

$(TREE): front annotation dataset training cli
	@mkdir -p $(TREE)
	@for room in annotation dataset training cli; do ln -sfn ../../../$$room $(TREE)/$$room; done
	@ln -sfn ../../../front/__init__.py $(TREE)/__init__.py
	@ln -sfn ../../../front/py.typed $(TREE)/py.typed
	@touch $(TREE)

$(VENV)/.ready: pyproject.toml uv.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed: make PYTHON=python3.11 …")'
	@echo "Setting up $(VENV), once."
	@test -x $(UV) || ($(PYTHON) -m venv $(VENV) && $(VENV)/bin/pip install --quiet --disable-pip-version-check "uv>=0.5")
	@$(UV) sync --frozen --all-extras --inexact --quiet
	@touch $@
