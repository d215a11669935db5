# The Python that makes the virtual environment; `make PYTHON=/path/to/python3` chooses another.
PYTHON ?= $(firstword $(foreach name,python3.11 python3.12 python3.13 python3.14 python3,$(call usable,$(name))))
VENV_PYTHON := .venv/bin/python
REQUIREMENTS := requirements.txt requirements-dask.txt requirements-dev.txt

# The name of an interpreter if it is 3.11 or newer and can make an environment with pip in it.
usable = $(shell $(1) -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $(1))

.DEFAULT_GOAL := help
.PHONY: help setup demo test fuzz kill night lint format plots screenshots bench clean reset

help:  ## Show this list
	@sed -n 's/^\([a-z]*\):.*##  *\(.*\)/  make \1\t\2/p' Makefile | expand -t 16

setup: .venv/installed  ## Make the virtual environment and install the requirements

.venv/installed: $(REQUIREMENTS)
	@set -e; \
	if ! $(VENV_PYTHON) -m pip --version >/dev/null 2>&1; then \
		python="$(PYTHON)"; \
		if [ -z "$$python" ]; then \
			echo "No usable Python found: install Python 3.11 or newer with its venv module (Debian, Ubuntu: apt-get install python3-venv)." >&2; \
			exit 1; \
		fi; \
		echo "Making .venv with $$("$$python" --version)"; \
		"$$python" -m venv --clear .venv; \
	fi; \
	echo "Installing the requirements into .venv (a minute or two)"; \
	$(VENV_PYTHON) -m pip install --quiet --disable-pip-version-check --root-user-action ignore -r requirements-dev.txt; \
	$(VENV_PYTHON) -c 'import implicit, lightgbm' || { \
		echo "The engine's libraries do not load; if libgomp.so.1 is named above: apt-get install libgomp1." >&2; \
		exit 1; \
	}; \
	touch $@

demo: setup  ## Everything from nothing to a server with example data on port 8000 (PORT=9000 for another)
	@exec $(VENV_PYTHON) manage.py demo

# The tests have a process for each core: further threads of the numerical libraries spin while they wait for one.
test: export OMP_NUM_THREADS = 1
test: export OPENBLAS_NUM_THREADS = 1
test: setup lint  ## Run the linter and all tests, in as many processes as there are cores, four at most
	$(VENV_PYTHON) -m pytest --numprocesses logical --maxprocesses 4 --dist loadgroup --no-loadscope-reorder

fuzz: setup  ## Run Schemathesis at length against a running server (CASES=400 for each operation)
	SCHEMATHESIS_EXAMPLES=$(or $(CASES),400) $(VENV_PYTHON) -m pytest tests/test_schemathesis.py -s

kill: setup  ## Kill command, workers and PostgreSQL in mid-run, ROUNDS=50 times each
	KILL_ROUNDS=$(or $(ROUNDS),50) $(VENV_PYTHON) -m pytest tests/activities/test_workers.py -k killed -rP

night: setup  ## A night of CLIENTS=5000 clients: schedules, training, workers, the API, the morning's figures
	NIGHT_CLIENTS=$(or $(CLIENTS),5000) $(VENV_PYTHON) -m pytest tests/test_night.py -rP

lint: setup  ## Check style and formatting
	$(VENV_PYTHON) -m ruff check .
	$(VENV_PYTHON) -m ruff format --check .

format: setup  ## Put the code into the project's format
	$(VENV_PYTHON) -m ruff check --fix .
	$(VENV_PYTHON) -m ruff format .

plots: setup  ## Draw the plots of docs/ from generated orders
	$(VENV_PYTHON) -m docs.draw_plots

bench: setup  ## Run a benchmark: make bench NAME=list
	@$(VENV_PYTHON) -m benchmarks.$(or $(NAME),$(error NAME is missing: make bench NAME=list))

screenshots: setup  ## Take the admin's pictures for docs/images (needs Chromium)
	@$(VENV_PYTHON) -m benchmarks.screenshots

clean:  ## Remove the virtual environment, caches and collected files; the data stays
	rm -rf .venv .pytest_cache .ruff_cache .hypothesis staticfiles
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

reset:  ## Stop the embedded PostgreSQL and remove all data of this installation
	-@$(VENV_PYTHON) manage.py embedded_db stop
	rm -rf .salesai
