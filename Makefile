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

bench: setup
	@.venv/bin/python -m benchmarks

screenshots:
	@scripts/setup --tests
	@.venv/bin/python scripts/screenshots.py
