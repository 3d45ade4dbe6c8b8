# Thin names over scripts/ and the tools of the environment in .venv.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: help demo test unit lint sanity format bench clean

help: ## list the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 10

demo: .venv/ready ## bring up a lab, run the demo job on it, show the report
	@$(BIN)/python scripts/demo.py

test: .venv/ready ## everything: lint, unit, golden, contract, integration and end-to-end tests
	@scripts/prerequisites
	@$(MAKE) --no-print-directory lint unit
	$(BIN)/pytest tests/integration tests/end_to_end
	@$(MAKE) --no-print-directory sanity

unit: .venv/ready ## the fast tests, with the coverage of the pure core
	$(BIN)/coverage run -m pytest
	$(BIN)/coverage report --fail-under=95 --include='$(PURE_CORE)'

PURE_CORE := */guestwright/jobs/*,*/guestwright/planning/*,*/guestwright/rendering/*,*/guestwright/results/*,*/guestwright/reports/*,*/guestwright/exit_codes.py,*/guestwright/errors.py

lint: .venv/ready ## ruff, mypy, yamllint, ansible-lint
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/yamllint --strict .
	$(BIN)/ansible-lint --offline

sanity: .venv/ready ## ansible-test sanity on a staged copy of the collection
	@scripts/sanity

format: .venv/ready ## let ruff rewrite what it can
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: .venv/ready ## measure against the baselines (takes long; nothing else should run)
	@scripts/prerequisites
	$(BIN)/python tests/benchmark/bench.py

clean: ## remove what the targets made
	rm -rf .venv build dist .coverage .mypy_cache .pytest_cache .ruff_cache

.venv/ready: pyproject.toml scripts/environment
	@scripts/environment $(PYTHON)
