# Needs only make and a Python >= 3.11 with venv; everything else goes into .venv.
# Another interpreter: make PYTHON=/path/to/python3.12 test
# Versions from a list, in an environment of its own: make CONSTRAINTS=constraints/lowest.txt test

.DELETE_ON_ERROR:
.PHONY: help setup demo test test-all test-lowest docs bench audit clean

PYTHON ?= python3 python3.14 python3.13 python3.12 python3.11 python
CONSTRAINTS ?=
VENV := $(if $(CONSTRAINTS),.venv-$(basename $(notdir $(CONSTRAINTS))),.venv)
BIN := $(VENV)/bin
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check $(addprefix --constraint ,$(CONSTRAINTS))
# Tests skip what is not there; LightCurveLynx needs a newer pyarrow than the lowest that is supported.
EXTRAS ?= $(if $(filter lowest,$(basename $(notdir $(CONSTRAINTS)))),test,test,lightcurvelynx)

# Tests that are left out; pyproject.toml says what the marks are.
DESELECT ?= not slow and not study
MARKS := $(if $(DESELECT),-m "$(DESELECT)")
# Lines are counted where nothing is left out: counting costs a fifth of the time.
COVER := $(if $(DESELECT),,--cov --cov-report=)
COVER_MORE := $(if $(DESELECT),,--cov --cov-append --cov-report=term --cov-fail-under=90)

help:  ## List the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile

setup: $(VENV)/installed-test  ## Create .venv and install the package with all it needs for tests

demo: $(VENV)/installed  ## Run the main job on embedded data, into demo/; ends with where its report is
	$(BIN)/sntransport demo -o demo

test: setup  ## Lint, type check and test, in minutes
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -n auto --dist worksteal $(MARKS) $(COVER)
	# Once more as plain Python: an independent run of the kernels, and the only one whose lines can be counted.
	NUMBA_DISABLE_JIT=1 $(BIN)/python -m pytest $(MARKS) $(COVER_MORE) \
		tests/photometry/test_kernels.py tests/simulation/surveys/test_kernels.py tests/spectra/test_kernels.py \
		tests/transport/test_kernels.py tests/transport/test_exact.py tests/transport/test_features.py

test-all:  ## The same with the long tests and the studies of real supernovae
	$(MAKE) test DESELECT=

test-lowest:  ## Run the tests with the lowest versions that are supported, in .venv-lowest
	$(MAKE) CONSTRAINTS=constraints/lowest.txt setup
	# Compiled code of another numba would be replaced again and again.
	NUMBA_CACHE_DIR=$(CURDIR)/.venv-lowest/numba .venv-lowest/bin/python -m pytest -n auto --dist worksteal $(MARKS)

docs: $(VENV)/installed-docs  ## Build the documentation into docs/_build, warnings as errors
	$(BIN)/python -m sphinx --fail-on-warning --keep-going --quiet docs docs/_build
	$(BIN)/python docs/offline.py docs/_build
	@echo "open docs/_build/index.html"

bench: setup  ## Run the benchmarks (off by default); their results go into docs/measured and the pages
	mkdir -p .benchmarks
	$(BIN)/python -m pytest -o addopts=--strict-markers --benchmark-only --benchmark-json=.benchmarks/latest.json tests/benchmarks
	$(BIN)/python tests/benchmarks/recording.py .benchmarks/latest.json
	$(BIN)/python docs/measured.py

# Both programs in an environment of their own: they are not what is audited.
audit: setup  ## Known vulnerabilities of all that is installed (asks the registry), and a bill of materials: dist/sbom.json
	$(BIN)/python -m venv .venv-audit
	.venv-audit/bin/python -m pip install --quiet --disable-pip-version-check pip-audit cyclonedx-bom
	mkdir -p dist
	.venv-audit/bin/cyclonedx-py environment $(BIN)/python --pyproject pyproject.toml --mc-type library \
		--output-reproducible --of JSON -o dist/sbom.json
	$(BIN)/python -m pytest -q tests/project/test_trust.py
	.venv-audit/bin/pip-audit --progress-spinner off --path $$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')

clean:  ## Remove everything that can be made again
	rm -rf .venv .venv-* demo dist build docs/_build docs/reference/api_pages docs/jupyter_execute .coverage .coverage.* .hypothesis .mypy_cache .pytest_cache .ruff_cache .benchmarks
	find sntransport tests examples filters -name __pycache__ -type d -prune -exec rm -rf {} +

# venv writes this file; where venv fails half way, make removes it again and the next run starts over.
$(VENV)/pyvenv.cfg:
	@for python in $(PYTHON); do \
		if "$$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
			echo "creating $(VENV) with $$("$$python" --version) ($$python)"; \
			exec "$$python" -m venv $(VENV); \
		fi; \
	done; \
	echo "no suitable Python among: $(PYTHON)" >&2; \
	echo "sntransport needs Python >= 3.11 with its venv module (on Debian and Ubuntu: the package python3-venv)." >&2; \
	echo "Name another one with: make PYTHON=/path/to/python" >&2; \
	exit 1

# Time stamps: packages are installed again only where pyproject.toml or the environment is newer.
$(VENV)/installed: pyproject.toml $(CONSTRAINTS) $(VENV)/pyvenv.cfg
	@echo "installing into $(VENV) (the first time takes some minutes)"
	$(PIP_INSTALL) --editable .
	@touch $@

$(VENV)/installed-test: pyproject.toml $(CONSTRAINTS) $(VENV)/pyvenv.cfg
	@echo "installing into $(VENV) (the first time takes some minutes)"
	$(PIP_INSTALL) --editable '.[$(EXTRAS)]'
	@touch $(VENV)/installed $@

$(VENV)/installed-docs: pyproject.toml $(CONSTRAINTS) $(VENV)/pyvenv.cfg
	@echo "installing into $(VENV) (the first time takes some minutes)"
	$(PIP_INSTALL) --editable '.[docs]'
	@touch $(VENV)/installed $@
