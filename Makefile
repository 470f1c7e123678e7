# Everything a person or a machine does with this repository. `make help` lists it.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
export CARGO_TERM_COLOR ?= auto
TARGET := $(or $(CARGO_TARGET_DIR),target)

.PHONY: help build test check bench fmt

help: ## what there is
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## the binary, in the profile that demo and test share
	cargo build --workspace --all-targets

test: ## every test; MEDWEAVE_TEST_DATA=DIR adds those on real data
	@command -v cargo-nextest >/dev/null || cargo install --locked cargo-nextest
	cargo test --workspace --doc --quiet
	cargo nextest run --workspace --no-fail-fast

check: ## format, lints, one version of each heavy crate
	cargo fmt --all -- --check
	cargo clippy --workspace --all-targets --quiet -- -D warnings
	@if cargo tree -d --depth 0 2>/dev/null | grep -E '^(arrow|parquet|datafusion|rusqlite|rustls) '; then echo 'two versions of a heavy crate (cargo tree -d)'; exit 1; fi

bench: ## the figures of the README, beside their peers (needs MEDWEAVE_TEST_DATA; a release build, some minutes)
	@test -n "$(MEDWEAVE_TEST_DATA)" || { echo 'set MEDWEAVE_TEST_DATA to the folder of test data'; exit 1; }
	cargo build --release -p medweave
	python3 tools/bench/bench.py $(TARGET)/release/medweave $(MEDWEAVE_TEST_DATA)

fmt: ## format the code
	cargo fmt --all
