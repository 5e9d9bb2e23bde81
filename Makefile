# Two commands matter: `make run` and `make test`. Each says what it installs before it does (.ci/setup).
.PHONY: run install test test-v4l2 check bench verify fuzz image test-image
SHELL := /bin/sh
export NIGHTJAR_DATA__PATH ?= ./data

run: ## build, start and print the URL; Ctrl-C ends it
	@.ci/setup run
	@cargo build --release --locked -p nightjar
	@exec target/release/nightjar serve

test: ## everything that must hold before a change goes in
	@.ci/setup test
	@env -u NIGHTJAR_DATA__PATH .ci/test

test-v4l2: ## the real program against real drivers, in a virtual machine (.ci/v4l2 says what it installs)
	@.ci/setup run
	@env -u NIGHTJAR_DATA__PATH .ci/v4l2

check: ## what the compiler and its linters say, as errors
	@.ci/setup run
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked

bench: ## measures here and now, and writes docs/performance.md
	@.ci/setup bench
	@env -u NIGHTJAR_DATA__PATH .ci/bench

verify: ## what is claimed of its safety, held against the real program: a line of figures each, held or missed
	@.ci/setup test
	@env -u NIGHTJAR_DATA__PATH .ci/verify

fuzz: ## every fuzz target for a minute (needs a nightly toolchain and cargo-fuzz)
	@.ci/fuzz 60

image: ## the container image nightjar:latest
	@docker/image build

test-image: ## builds it, starts it read-only and fetches a frame
	@docker/image test

install: ## onto this machine as a service, or below DESTDIR; `cargo build --release` comes first
	@config/install
