# Everything a person or a machine does with this repository. `make help` lists it.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
export CARGO_TERM_COLOR ?= auto
TARGET := $(or $(CARGO_TARGET_DIR),target)

.PHONY: help setup build web api-types demo test check odbc bench soak install uninstall fmt

help: ## what there is
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## what the tests need besides Rust, Node and Python, from Debian's packages
	@missing=""; \
	command -v chromium >/dev/null || missing="$$missing chromium"; \
	command -v openssl >/dev/null || missing="$$missing openssl"; \
	command -v curl >/dev/null || missing="$$missing curl"; \
	fc-list 2>/dev/null | grep -q 'Noto Sans CJK' || missing="$$missing fonts-noto-cjk fontconfig"; \
	command -v strace >/dev/null || missing="$$missing strace"; \
	python3 -c 'import ensurepip' 2>/dev/null || missing="$$missing python3-venv"; \
	servers=""; \
	ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || servers="$$servers postgresql"; \
	command -v mariadbd >/dev/null || [ -x /usr/sbin/mariadbd ] || servers="$$servers mariadb-server"; \
	if [ -n "$$missing$$servers" ]; then \
	  echo "installing from Debian's packages:$$missing$$servers"; \
	  sudo=""; [ "$$(id -u)" = 0 ] || sudo=sudo; \
	  $$sudo apt-get update -q && $$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -q -y $$missing $$servers; \
	  for server in $$servers; do \
	    $$sudo systemctl disable --now $${server%-server} 2>/dev/null || $$sudo service $${server%-server} stop 2>/dev/null || true; \
	  done; \
	fi

# Packages of the pages are installed anew when the lock file changes; the pages are built anew when a source does.
web/node_modules/.stamp: web/package-lock.json
	cd web && npm ci --no-fund --no-audit
	@touch $@

web/dist/.stamp: web/node_modules/.stamp web/index.html web/vite.config.ts web/tsconfig.json $(shell find web/src web/public web/tools -type f -not -path '*/node_modules/*' 2>/dev/null)
	cd web && npm run build
	@touch $@

web: web/dist/.stamp ## the pages, which the binary embeds

web/tools/api-types/node_modules/.stamp: web/tools/api-types/package-lock.json
	cd web/tools/api-types && npm ci --no-fund --no-audit
	@touch $@

api-types: web/tools/api-types/node_modules/.stamp ## the pages' types of the server's interface, from docs/openapi.json
	cd web/tools/api-types && npm run generate

build: web ## the binary, in the profile that demo and test share
	cargo build --workspace --all-targets

# The program, its manual pages, completions and the unit of systemd. Nothing is started, and a data directory is not touched.
PREFIX ?= /usr/local
install: web ## into PREFIX (/usr/local): the program, manual pages, completions, a unit of systemd
	cargo build --release -p medweave
	install -D -m 755 $(TARGET)/release/medweave $(DESTDIR)$(PREFIX)/bin/medweave
	$(TARGET)/release/medweave man --to $(DESTDIR)$(PREFIX)/share/man/man1 >/dev/null
	for shell in bash:bash-completion/completions/medweave zsh:zsh/site-functions/_medweave fish:fish/vendor_completions.d/medweave.fish; do \
	  to=$(DESTDIR)$(PREFIX)/share/$${shell#*:}; mkdir -p $$(dirname $$to); \
	  $(TARGET)/release/medweave completions $${shell%%:*} > $$to; \
	done
	mkdir -p $(DESTDIR)$(PREFIX)/lib/systemd/system
	sed 's|@BINARY@|$(PREFIX)/bin/medweave|' packaging/medweave.service > $(DESTDIR)$(PREFIX)/lib/systemd/system/medweave.service
	@echo "installed; as a service: systemctl daemon-reload && systemctl enable --now medweave"

uninstall: ## takes away what `make install` put there; data stays
	rm -f $(DESTDIR)$(PREFIX)/bin/medweave $(DESTDIR)$(PREFIX)/share/man/man1/medweave.1 $(DESTDIR)$(PREFIX)/share/man/man1/medweave-*.1 \
	  $(DESTDIR)$(PREFIX)/share/bash-completion/completions/medweave $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_medweave \
	  $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/medweave.fish $(DESTDIR)$(PREFIX)/lib/systemd/system/medweave.service

# Without Node there are no pages; the interfaces are there all the same.
demo: $(if $(shell command -v npm),web) ## a synthetic hospital on temporary data; open the link that is printed last
	cargo run -p medweave -- demo $(DEMO)

test: setup web ## every test; MEDWEAVE_TEST_DATA=DIR adds those on real data
	cd web && npm test
	cargo build --workspace --all-targets
	cd web && MEDWEAVE_BINARY="$(abspath $(TARGET))/debug/medweave" npm run pages
	cargo test --workspace --doc --quiet
	if command -v cargo-nextest >/dev/null; then cargo nextest run --workspace --no-fail-fast; \
	else cargo test --workspace --no-fail-fast --lib --bins --tests; fi

check: ## format, lints, types of the pages, one version of each heavy crate
	cargo fmt --all -- --check
	# With what is left out by default, which else nothing would compile.
	cargo clippy --workspace --all-targets --features tables/odbc --quiet -- -D warnings
	$(MAKE) web/node_modules/.stamp
	cd web && npm run check
	@if cargo tree -d --depth 0 2>/dev/null | grep -E '^(arrow|parquet|datafusion|rusqlite|rustls) '; then echo 'two versions of a heavy crate (cargo tree -d)'; exit 1; fi

# Apart from test: with this feature much is compiled anew.
odbc: ## the tests of ODBC, with unixodbc-dev and the drivers of SQLite and PostgreSQL from Debian's packages
	@missing=""; \
	[ -e /usr/include/sql.h ] || missing="$$missing unixodbc-dev"; \
	grep -qs '^\[SQLite3\]' /etc/odbcinst.ini || missing="$$missing libsqliteodbc"; \
	grep -qs '^\[PostgreSQL Unicode\]' /etc/odbcinst.ini || missing="$$missing odbc-postgresql"; \
	if [ -n "$$missing" ]; then \
	  sudo=""; [ "$$(id -u)" = 0 ] || sudo=sudo; \
	  $$sudo apt-get update -q && $$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -q -y $$missing; \
	fi
	cargo test -p tables --features odbc --test it odbc

bench: ## the figures of the README, beside their peers (needs MEDWEAVE_TEST_DATA; a release build, some minutes); LARGE=10000000 adds a table of so many rows
	@test -n "$(MEDWEAVE_TEST_DATA)" || { echo 'set MEDWEAVE_TEST_DATA to the folder of test data'; exit 1; }
	cargo build --release -p medweave
	python3 tools/bench/bench.py $(TARGET)/release/medweave $(MEDWEAVE_TEST_DATA)
	python3 tools/bench/sql.py $(TARGET)/release/medweave $(MEDWEAVE_TEST_DATA) $(addprefix --python ,$(wildcard $(TARGET)/python-lake-1/bin/python))
	[ -e $(TARGET)/python-omop-bench-1/ready ] || { python3 -m venv $(TARGET)/python-omop-bench-1 && \
	  $(TARGET)/python-omop-bench-1/bin/pip install --quiet duckdb==1.5.5 duckcdm==0.4.7 pysail==0.7.2 pyspark-client==4.2.0 && touch $(TARGET)/python-omop-bench-1/ready; }
	$(TARGET)/python-omop-bench-1/bin/python tools/bench/vocabulary.py $(TARGET)/release/medweave
	$(TARGET)/python-omop-bench-1/bin/python tools/bench/omop.py $(TARGET)/release/medweave $(MEDWEAVE_TEST_DATA)
	$(MAKE) --no-print-directory $(TARGET)/python-bench-1/ready
	python3 tools/bench/tables.py $(TARGET)/release/medweave $(MEDWEAVE_TEST_DATA) --python $(TARGET)/python-bench-1/bin/python $(addprefix --large ,$(LARGE))
	python3 tools/bench/ccda.py $(TARGET)/release/medweave $(MEDWEAVE_TEST_DATA) --python $(TARGET)/python-bench-1/bin/python
	[ -e $(TARGET)/python-identity-1/ready ] || { python3 -m venv $(TARGET)/python-identity-1 && \
	  $(TARGET)/python-identity-1/bin/pip install --quiet recordlinkage==0.16 splink==5.0.0 && touch $(TARGET)/python-identity-1/ready; }
	cargo build --release -p identity --example register
	$(TARGET)/python-identity-1/bin/python tools/bench/identity.py $(TARGET)/release/examples/register

# The peers of the figures that are Python packages.
$(TARGET)/python-bench-1/ready:
	python3 -m venv $(@D)
	$(@D)/bin/pip install --quiet duckdb==2.0.1 ccda-to-fhir==0.3
	@touch $@

# The witness tests of crates/medweave/tests/it with more rounds, then load with kills, then each check of a grant left out once.
soak: setup ## what is too long for test: 100 kill rounds (ROUNDS), mixed load (MINUTES, 30), checks left out; an hour or two
	cargo build -p medweave
	MEDWEAVE_ROUNDS=$(or $(ROUNDS),100) MEDWEAVE_SOAK_MINUTES=$(or $(MINUTES),30) \
	  cargo test -p medweave --test it -- --nocapture --test-threads 1 kill soak::
	tools/mutate-grants

fmt: ## format the code
	cargo fmt --all
