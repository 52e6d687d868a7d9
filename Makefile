# `make start` and `make test` do everything on a fresh machine; the rest are their parts.
# Needs: rustup, Node.js 20 or newer with npm, Python 3.11 or newer with venv, and the package registries.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help

# The nightly only rebuilds the standard library of the Worker so that panics unwind.
NIGHTLY := nightly-2026-10-30
WORKER_BUILD := 0.8.7
# Must be the version of `wasm-bindgen` in Cargo.lock.
WASM_BINDGEN := 0.2.129
CARGO_DENY := 0.20.2

TOOLS := $(CURDIR)/.tools
STAMPS := $(TOOLS)/stamps
export WASM_BINDGEN_BIN := $(TOOLS)/bin/wasm-bindgen
export WASM_OPT_BIN := $(CURDIR)/node_modules/binaryen/bin/wasm-opt
export ESBUILD_BIN := $(CURDIR)/node_modules/esbuild/bin/esbuild
export NPM_CONFIG_UPDATE_NOTIFIER := false
# A registry that stumbles is asked again.
export CARGO_NET_RETRY := 10
export RUSTUP_MAX_RETRIES := 10
export PIP_RETRIES := 10
export NPM_CONFIG_FETCH_RETRIES := 5
# Tests of properties draw the same examples each time: explore with another seed, not in CI.
export PROPTEST_RNG_SEED ?= 1

SOURCES := $(shell find src migrations -type f) Cargo.toml Cargo.lock
BUNDLE := build/entry.js
FAULT_BUNDLE := build-fault/entry.js
CLI := target/release/llm-router
ARGS ?=
# What failed is told once more at the end.
NODE_TEST := node --test --test-reporter=spec --test-concurrency=2

.PHONY: help
help: ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

.PHONY: start
start: build ## Build the gateway and run it here; on the demo provider if there is no ~/.llm-router.json
	@if [ -n "$(ARGS)" ] || [ -f "$$HOME/.llm-router.json" ]; then exec $(CLI) start $(ARGS); \
	else exec $(CLI) start --demo; fi

.PHONY: build
build: $(CLI) ## Build target/release/llm-router, which carries the Worker in it

$(CLI): $(SOURCES) $(BUNDLE)
	cargo build --release --locked --bin llm-router
	@touch $@

.PHONY: worker
worker: $(BUNDLE) ## Build the Worker bundle into build/

# worker-build asks for "+nightly"; the wrappers in tools/ make that the pinned one. The Worker is built for
# size: an isolate loads all of it before its first answer, and most of it is translation.
define build-worker
	PATH="$(TOOLS)/pinned:$(TOOLS)/bin:$$PATH" CARGO_TARGET_DIR=target/worker CARGO_PROFILE_RELEASE_OPT_LEVEL=s \
	  worker-build --release --panic-unwind --out-dir $(1) -- --locked $(2)
	$(WASM_OPT_BIN) --strip-debug $(1)/index_bg.wasm -o $(1)/index_bg.wasm
	cp src/worker/entry.js $(1)/entry.js
endef

$(BUNDLE): $(SOURCES) | setup-worker
	$(call build-worker,build,)

$(FAULT_BUNDLE): $(SOURCES) $(BUNDLE) | setup-worker
	$(call build-worker,build-fault,--features fault-injection)

.PHONY: setup setup-worker
setup: setup-worker $(STAMPS)/python ## Install the toolchains and pinned tools
setup-worker: $(STAMPS)/rust $(STAMPS)/worker-build-$(WORKER_BUILD) $(STAMPS)/wasm-bindgen-$(WASM_BINDGEN) node_modules/.package-lock.json

$(STAMPS)/rust: rust-toolchain.toml Makefile
	rustup toolchain install
	rustup toolchain install $(NIGHTLY) --profile minimal --component rust-src --target wasm32-unknown-unknown
	mkdir -p $(TOOLS)/pinned $(STAMPS)
	for tool in cargo rustc; do \
	  printf '#!/bin/sh\nif [ "$$1" = +nightly ]; then shift; exec rustup run $(NIGHTLY) %s "$$@"; fi\nexec %s "$$@"\n' \
	    $$tool "$$(command -v $$tool)" > $(TOOLS)/pinned/$$tool; \
	done
	printf '#!/bin/sh\nfor a; do shift; [ "$$a" = nightly ] && a=$(NIGHTLY); set -- "$$@" "$$a"; done\nexec %s "$$@"\n' "$$(command -v rustup)" > $(TOOLS)/pinned/rustup
	chmod +x $(TOOLS)/pinned/*
	touch $@

$(STAMPS)/worker-build-$(WORKER_BUILD):
	cargo install worker-build --version $(WORKER_BUILD) --locked --root $(TOOLS)
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/wasm-bindgen-$(WASM_BINDGEN):
	cargo install wasm-bindgen-cli --version $(WASM_BINDGEN) --locked --root $(TOOLS)
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/cargo-deny-$(CARGO_DENY):
	cargo install cargo-deny --version $(CARGO_DENY) --locked --root $(TOOLS)
	@mkdir -p $(STAMPS) && touch $@

node_modules/.package-lock.json: package.json package-lock.json
	for try in 1 2 3; do npm ci --no-fund --no-audit && break; [ $$try -lt 3 ]; done
	@touch $@

$(STAMPS)/python: tests/worker/python/requirements.txt
	python3 -m venv .venv
	.venv/bin/pip install --quiet --disable-pip-version-check --requirement $<
	@mkdir -p $(STAMPS) && touch $@

.PHONY: test
test: format lint deny native-test worker-test edge-test agent-test cli-test ## Set up and run every check and test

.PHONY: format
format: $(STAMPS)/rust
	cargo fmt --all --check

.PHONY: lint
lint: $(STAMPS)/rust
	cargo clippy --locked --all-targets -- --deny warnings
	cargo clippy --locked --lib --target wasm32-unknown-unknown -- --deny warnings
	cargo clippy --locked --lib --target wasm32-unknown-unknown --features fault-injection -- --deny warnings
	RUSTDOCFLAGS="--deny warnings" cargo doc --locked --no-deps --lib --document-private-items

.PHONY: deny
deny: $(STAMPS)/cargo-deny-$(CARGO_DENY)
	@tests/deny.sh $(TOOLS)/bin/cargo-deny

.PHONY: native-test
native-test: $(BUNDLE)
	cargo test --locked --lib
	cargo test --locked --test native -- --skip cli::
	cargo run --locked --example scale -- --quick

.PHONY: worker-test
worker-test: $(CLI) $(BUNDLE) $(FAULT_BUNDLE) setup
	$(NODE_TEST) tests/worker/*.test.mjs

# Deployments, against Cloudflare's API and edge as they are on loopback, and wrangler beside.
.PHONY: edge-test
edge-test: $(CLI) $(BUNDLE) node_modules/.package-lock.json
	$(NODE_TEST) tests/edge/*.test.mjs

# Coding agents: 770 MB, installed only here, and once. They say that they need Node.js 22, but only their launchers
# do, and nobody runs those.
# npm leaves out an optional package that it could not download, as both agents are, and says nothing.
AGENTS := tests/agents/node_modules/.package-lock.json
$(AGENTS): tests/agents/package.json tests/agents/package-lock.json
	for try in 1 2 3; do \
	  if npm ci --prefix tests/agents --ignore-scripts --no-fund --no-audit --loglevel=error && \
	    ls tests/agents/node_modules/@anthropic-ai/claude-code-linux-*/claude \
	      tests/agents/node_modules/@openai/codex-linux-*/vendor/*/bin/codex > /dev/null; \
	  then touch $@; exit 0; fi; \
	done; rm -f $@; exit 1

.PHONY: agent-test
ifneq ($(filter Linux-x86_64 Linux-aarch64,$(shell uname -sm | tr ' ' -)),)
agent-test: $(BUNDLE) setup-worker $(AGENTS)
	$(NODE_TEST) tests/agents/*.test.mjs
else
agent-test:
	@echo "agent-test: SKIPPED, it needs Linux on x86_64 or aarch64, and this is $$(uname -sm)"
endif

# The CLI as a process, with a real workerd.
.PHONY: cli-test
cli-test: $(BUNDLE) node_modules/.package-lock.json
	cargo test --locked --test native cli::

.PHONY: bench
bench: $(BUNDLE) setup-worker ## Compare with the smallest JavaScript proxy Worker
	node tests/bench/run.mjs $(ARGS)

.PHONY: scale
scale: ## Simulate 300 sites and 10,000 isolates, with leases and without; 10 minutes
	cargo run --release --locked --example scale -- $(ARGS)

.PHONY: clean
clean: ## Remove what was built, keep the tools
	rm -rf target build build-fault
