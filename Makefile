# `make run` and `make test` do all the set-up by themselves, on a bare machine too.

PYTHON ?= $(shell tools/find-python)
VENV := .venv
BIN := $(VENV)/bin
# Two workers: the guests want the other half of a small machine.
WORKERS ?= 2

.PHONY: run test lint format bench setup guests clean help

help: ## show the targets
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' Makefile | expand -t 16

run: setup ## set everything up and show the main job: the demo guest on this terminal
	@$(BIN)/cgaterm demo

test: setup lint ## lint, type check, and all tests with real guests
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal \
	    --cov --cov-report=term --cov-report=json:.coverage.json
	$(BIN)/python tools/check_coverage.py .coverage.json

lint: $(VENV)/.ready ## ruff and mypy
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(VENV)/.ready ## put the code in order
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: setup ## the figures, beside QEMU's own curses display
	$(BIN)/python -m bench

guests: ## assemble the demo's boot sector anew
	nasm -f bin -o cgaterm/demo_guest/demo.img cgaterm/demo_guest/demo.asm

setup: $(VENV)/.ready
	@tools/install-system-packages

$(VENV)/.ready: pyproject.toml
	@echo "setting up $(VENV) ..."
	@tools/make-venv "$(PYTHON)" $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable . --group dev
	@touch $@

clean: ## remove what `make` made
	rm -rf $(VENV) .coverage* .mypy_cache .pytest_cache .ruff_cache .hypothesis
