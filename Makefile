# Two commands matter: `make demo` to try it, `make test` to check it. They need python3 (3.11 or newer) and make.

PYTHON ?= python3
RUN := .venv/bin/python -m
LANGUAGES := ar fr sw
PIP_INSTALL := $(RUN) pip install --quiet --disable-pip-version-check --root-user-action=ignore --require-hashes
LOCK := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header
TEMPLATES = $(shell find templates letters signatories -name '*.html')

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo test bench format messages lock

# $(call step,What is done,command): one line when it succeeds, everything it said when it fails.
step = @printf '%s ... ' '$(1)'; if said=$$($(2) 2>&1); then echo ok; else echo failed; echo "$$said"; exit 1; fi

help: ## say what can be made
	@sed -n 's/^\([a-z]*\):.*## /make \1\t/p' Makefile | expand -t 16

demo: .venv/.installed ## try it: a demonstration letter at http://127.0.0.1:8000/ (PORT=8001 chooses another port)
	@$(RUN) config.demo

test: .venv/.installed-dev ## check everything that can be checked here
	$(call step,Python is formatted,$(RUN) ruff format --check .)
	$(call step,Python is clean,$(RUN) ruff check .)
	$(call step,Templates are formatted,.venv/bin/djade --target-version 5.2 --check $(TEMPLATES))
	$(call step,Templates are clean,$(RUN) djlint --lint $(TEMPLATES))
	$(call step,Types fit,$(RUN) mypy)
	$(call step,Migrations are complete,.venv/bin/python manage.py makemigrations --check --dry-run)
	$(call step,Translations compile,$(RUN) config.catalogues)
	$(if $(filter true,$(CI)),$(call step,A Chromium is here,command -v chromium))
	$(if $(filter true,$(CI)),$(call step,An nginx is here,PATH=$$PATH:/usr/sbin command -v nginx))
	@$(RUN) pytest --quiet --numprocesses=2 --dist=worksteal

bench: .venv/.installed-dev ## measure the budgets (BENCH=--write writes them into docs/benchmarks.md)
	@$(RUN) tests.bench $(BENCH)

format: .venv/.installed-dev ## format Python and templates
	@$(RUN) ruff format .
	@$(RUN) ruff check --fix .
	@.venv/bin/djade --target-version 5.2 $(TEMPLATES)

messages: .venv/.installed ## collect what is to be translated into locale/
	@command -v xgettext >/dev/null || { echo "This needs gettext: apt-get install gettext"; exit 1; }
	@mkdir -p locale
	@.venv/bin/python manage.py makemessages $(LANGUAGES:%=--locale=%) --ignore=var --ignore=.venv --ignore=tests \
		--add-location=file --no-obsolete

lock: ## pin the dependencies of pyproject.toml, with hashes
	@command -v uv >/dev/null || { echo "This needs uv: pip install uv"; exit 1; }
	@$(LOCK) pyproject.toml --output-file requirements.txt
	@$(LOCK) pyproject.toml --group dev --constraints requirements.txt --output-file requirements-dev.txt

.venv/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "Python 3.11 or newer is needed, and '$(PYTHON)' is not. Name one: make demo PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "Python's venv is missing: apt-get install python3-venv"; exit 1; }
	@.venv/bin/python -m pip --version >/dev/null 2>&1 || { rm -rf .venv && $(PYTHON) -m venv .venv; }
	@touch $@

.venv/.installed: requirements.txt .venv/.made
	@echo "Installing what requirements.txt pins ..."
	@$(PIP_INSTALL) -r requirements.txt
	@touch $@

.venv/.installed-dev: requirements-dev.txt .venv/.made
	@echo "Installing what requirements-dev.txt pins ..."
	@$(PIP_INSTALL) -r requirements-dev.txt
	@touch $@
