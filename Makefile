# The two commands of the README are `make run` and `make test`.

export LYCEUM_HOME ?= $(CURDIR)/.lyceum

.PHONY: run setup test bench screenshots

run: setup
	@.venv/bin/lyceum up

setup:
	@scripts/setup

test:
	@scripts/setup --tests
	@scripts/test

bench:
	@scripts/setup --tests
	@for name in $$(basename -s .py benchmarks/*.py); do \
	  echo "benchmarks/$$name.py"; .venv/bin/python -m benchmarks.$$name || exit 1; done

screenshots:
	@scripts/setup --tests
	@.venv/bin/python scripts/screenshots.py
