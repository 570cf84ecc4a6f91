# ws101: the course and its workshop. "make" alone lists what there is.

SHELL := bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules
# The tests start ws101 a thousand times: let Python keep what it compiles, even where that is off.
export PYTHONDONTWRITEBYTECODE :=

BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
PARALLEL := -n 4 --dist loadfile --no-loadscope-reorder
FUZZ_EXAMPLES ?= 300
FUZZ_SECONDS ?= 5
FOR ?= 600

.PHONY: help setup learn test verify check lint types bench fuzz lock clean FORCE

help: ## show this list
	@echo "ws101: a WebSocket course and protocol inspector. Start with: make learn"
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-7s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

setup: .venv/.ready ## make .venv with everything in it, .venv/bin/ws101 included

learn: setup ## take the course, in this terminal and your own browser (LESSON=5 to choose)
	@exec $(BIN)/ws101 learn $(LESSON)

test: setup ## run the tests, but for the slow ones (ARGS="-k picture -n 0": one by one, and only some)
	@$(BIN)/python -m pytest $(PARALLEL) -m "not slow" $(ARGS)

verify: setup ## the course proves itself by script; the slow tests; then the parsers are fuzzed for a while
	@$(BIN)/ws101 course verify
	@echo "The slow tests; a million frames; $(FUZZ_EXAMPLES) examples for each property"
	@WS101_SCALE=1000000 WS101_FUZZ_EXAMPLES=$(FUZZ_EXAMPLES) $(BIN)/python -m pytest -q $(PARALLEL) \
	  -m "slow or hypothesis" --hypothesis-profile=fuzz
	@$(BIN)/python -m tests.fuzz --seconds $(FUZZ_SECONDS)

check: lint types test ## lint, types and tests: what a commit has to pass

lint: setup
	@$(BIN)/ruff check .

types: setup
	@$(BIN)/mypy

fuzz: setup ## fuzz the parsers, guided by coverage, for long (FOR=600 seconds each; TARGETS="frames har")
	@$(BIN)/python -m tests.fuzz --seconds $(FOR) $(TARGETS)

bench: setup ## measure the decoder, the capture reader and the tap
	@$(BIN)/python -m tests.bench

lock: ## remake requirements.txt from pyproject.toml (developers; needs uv)
	@command -v uv >/dev/null || { echo "make lock needs uv: pip install uv" >&2; exit 1; }
	@env -u UV_DEFAULT_INDEX -u UV_EXTRA_INDEX_URL -u UV_FIND_LINKS -u UV_INDEX -u UV_INDEX_URL \
	  uv --no-config pip compile pyproject.toml --group dev --output-file requirements.txt \
	  --upgrade --universal --python-version 3.12 --fork-strategy fewest --generate-hashes \
	  --no-header --no-emit-index-url --no-emit-find-links --quiet

clean: ## throw away .venv and everything that tools left behind
	rm -rf .venv build dist .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The set-up, in two steps with a stamp each. A stamp is written last, so a step that was broken off
# is begun anew: --clear empties a half-made .venv. The stamps count for nothing if the environment
# was made elsewhere (the checkout was moved or copied) or its Python is gone.
VENV_WORKS := $(shell head -n 2 $(BIN)/pip 2>/dev/null | grep -qF "$(CURDIR)/.venv/bin/python" \
  && $(BIN)/python -c "" 2>/dev/null && echo yes)

.venv/.packages: requirements.txt $(if $(VENV_WORKS),,FORCE)
	@python="$$(.ci/find-python)" && \
	echo "Setting up .venv with $$("$$python" -V): $$(grep -c == requirements.txt) packages, a minute or two, once" && \
	"$$python" -m venv --clear .venv
	@set -o pipefail; $(PIP) install --progress-bar off --require-hashes -r requirements.txt \
	  | awk '/^(Collecting|Processing) / { printf "."; fflush() } END { print "" }'
	@touch $@

.venv/.ready: .venv/.packages pyproject.toml
	@$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@touch $@
	@echo "Ready: $(BIN)/ws101"
