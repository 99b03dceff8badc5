# Everything one does with jacmagic from a checkout. Needs Python 3.11+ with venv, and make.
#
#   make lab      install, then open JupyterLab on the quickstart notebook
#   make demo     install, then run the quickstart and write build/quickstart.html
#   make test     the whole suite: Python, documentation, notebooks, JavaScript, real browser
#   make lint     style, format and types
#   make docs     the documentation, strictly, into site/
#   make site-check  open the documentation in a browser: accessibility, width, no network
#   make bench    time it beside torch and others, into docs/benchmarks.md; QUICK=1 only prints
#   make agreement   count right functions and planted faults, into docs/explanation/agreement.md
#   make comparison  count right Jacobians and planted slips, into docs/explanation/comparison.md
#   make bench-widget   time a slider's event beside ipywidgets' interact, in a browser
#   make fuzz     compare all ways to the Jacobians of random programs; SECONDS=60, SEED=0
#   make notebooks   run the notebooks and store their outputs
#   make capture   record the README's animation in a browser
#   make pins     write constraints.txt anew from what is installed
#   make newest   run the Python tests with the newest releases of all packages, in .venv-newest
#   make oldest   run them with the oldest that pyproject.toml declares, in .venv-oldest
#   make clean    remove what was built; `make distclean` removes the environments too

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
PINS   := pyproject.toml constraints.txt
NODE_TESTS = $(wildcard tests/js/*.test.mjs)

# One worker for each core, at most two; the arithmetic of each on one thread.
WORKERS ?= 2
PYTEST   = OMP_NUM_THREADS=1 JUPYTER_PLATFORM_DIRS=1 $(BIN)/python -m pytest
NBVAL    = --nbval --nbval-current-env --nbval-cell-timeout=120 --nbval-sanitize-with=tests/nbval.cfg

# The server answers on this machine only, prints its address with the token, and ends by Ctrl-C.
LAB = --LabApp.news_url=None --LabApp.extension_manager=readonly --Application.log_level=WARN \
      --ServerApp.answer_yes=True $(if $(filter 0,$(shell id -u)),--allow-root)

# Kernels and servers that the tests start would else compile all of the package each.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help lab demo bench agreement comparison bench-widget capture fuzz test test-js test-notebooks test-python lint docs notebooks site-check pins newest oldest clean distclean system

help:
	@sed -n '3,/^$$/s/^#  \{0,1\}//p' Makefile

# Stamps: installing again only when the pins or the metadata change.
$(VENV)/.lab: $(PINS) tools/install.py
	@$(PYTHON) tools/install.py $(VENV) lab
$(VENV)/.dev: $(PINS) tools/install.py
	@$(PYTHON) tools/install.py $(VENV) dev

$(VENV)/.bench: $(PINS) tools/install.py
	@$(PYTHON) tools/install.py $(VENV) bench

lab: $(VENV)/.lab
	@$(BIN)/python -m jupyterlab --LabApp.default_url=/lab/tree/notebooks/quickstart.ipynb $(LAB) $(LAB_FLAGS)

demo: $(VENV)/.lab
	@$(BIN)/jupyter nbconvert --to jacmagic-page --output-dir build notebooks/quickstart.ipynb

system:
	@sh tools/system.sh chromium node cc c++ rustc

test: test-js test-notebooks test-python

test-js: system
	@node --test $(NODE_TESTS)

# By files: the cells of a notebook share a kernel.
test-notebooks: $(VENV)/.dev
	@PYTHONPATH=tests $(PYTEST) -p ipc_kernels --quiet $(NBVAL) -n $(WORKERS) --dist loadfile notebooks

bench: $(VENV)/.bench
	@$(BIN)/python tools/bench $(if $(QUICK),--quick) $(BENCH_FLAGS)

# Last, so that a run ends with pytest's closing line.
test-python: $(VENV)/.dev system
	@$(PYTEST) --quiet -n $(WORKERS) --dist loadgroup tests

lint: $(VENV)/.dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

docs: $(VENV)/.dev
	@NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet
	@echo "docs: site/index.html"

site-check: docs system
	@$(BIN)/python tools/site_check.py

fuzz: $(VENV)/.dev
	@OMP_NUM_THREADS=1 $(BIN)/python tools/fuzz/fuzz.py --seconds $(or $(SECONDS),60) --seed $(or $(SEED),0)

agreement: $(VENV)/.dev
	@OMP_NUM_THREADS=1 $(BIN)/python tools/agreement.py

comparison: $(VENV)/.dev
	@OMP_NUM_THREADS=1 $(BIN)/python tools/comparison.py

bench-widget: $(VENV)/.dev system
	@JUPYTER_PLATFORM_DIRS=1 $(BIN)/python tools/bench_widget.py

notebooks: $(VENV)/.dev
	@$(BIN)/python tools/notebooks.py notebooks/*.ipynb

capture: $(VENV)/.dev system
	@$(BIN)/python tools/capture.py

pins: $(VENV)/.dev $(VENV)/.bench
	@$(BIN)/python tools/install.py --pins $(VENV) > build/constraints.txt
	@mv build/constraints.txt constraints.txt

# No part of CI: torch's published wheels contain gigabytes of CUDA.
newest: system
	@$(PYTHON) tools/install.py .venv-newest dev newest
	@$(MAKE) test-python VENV=.venv-newest
oldest: system
	@$(PYTHON) tools/install.py .venv-oldest dev oldest
	@$(MAKE) test-python VENV=.venv-oldest

clean:
	rm -rf build dist site .pytest_cache .mypy_cache .ruff_cache .hypothesis
distclean: clean
	rm -rf $(VENV) .venv-newest .venv-oldest
