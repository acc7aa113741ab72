# Each target works as the only command on a machine with Swift 6.3: `deps` comes first and installs
# what is missing. CONTRIBUTING.md says which one to use when.

SWIFT ?= swift
SCRATCH ?= .build
LIGHT_SCRATCH ?= .build-light
RELEASE_SCRATCH ?= .build-release

# The same flags as `swift build` by hand, so that neither rebuilds the other's work. (Without the
# index store a build would be a little shorter, and test discovery would fail.)
FLAGS := --scratch-path $(SCRATCH)
LIGHT := HIF_CORE_ONLY=1 $(SWIFT)
BIN = $(SCRATCH)/debug
RELEASE = $(abspath $(RELEASE_SCRATCH)/release)
TESTS = $(SWIFT) test --skip-build --disable-xctest $(FLAGS)
# Test targets with servers and programs in them.
SERVED := ^(HifRemoteTests|HifS3Tests|MicelioForgeTests|EndToEndTests)\.

.DEFAULT_GOAL := help
.PHONY: help deps deps-tests build release man install demo serve test test-light test-s3 test-api test-web simulate bench bench-rollups bench-size bench-landing bench-nodes bench-web lint format proto

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{ printf "make %-14s %s\n", $$1, $$2 }'

deps:  ## install what the build needs (apt); does nothing when all is there
	@Scripts/deps

deps-tests:  ## the same, and the real programs that the checks run against
	@Scripts/deps --tests

build: deps  ## build hif and micelio, for development
	$(SWIFT) build $(FLAGS)

release: deps  ## build hif and micelio as they are used: .build-release/release/
	$(SWIFT) build -c release --static-swift-stdlib --scratch-path $(RELEASE_SCRATCH)

man: build  ## the man pages of every command, in .build/man/man1
	@rm -rf $(SCRATCH)/man && Scripts/manual $(BIN)/hif $(SCRATCH)/man/man1 \
	    && Scripts/manual $(BIN)/micelio $(SCRATCH)/man/man1

install: release  ## programs, man pages and completions below PREFIX=/usr/local (DESTDIR= for packagers)
	@Scripts/install $(RELEASE_SCRATCH)/release "$(DESTDIR)$(or $(PREFIX),/usr/local)"

demo: deps  ## the whole path on a forge of its own; REPO=path for another git repository
	@SWIFT="$(SWIFT)" SCRATCH="$(SCRATCH)" Scripts/demo

serve: deps  ## build and run a forge on ./data until Ctrl-C
	@SWIFT="$(SWIFT)" SCRATCH="$(SCRATCH)" Scripts/serve

test: deps-tests lint  ## everything that CI runs
	$(SWIFT) build --build-tests $(FLAGS)
# In runs of their own: what keeps every thread busy, and each group of what talks to servers, which
# would miss their time beside it and beside each other.
	Scripts/with-seaweedfs $(TESTS) --filter '^HifS3Tests\.'
	for group in HifRemote MicelioForge EndToEnd; do $(TESTS) --filter "^$${group}Tests\." || exit 1; done
	$(TESTS) --skip '$(SERVED)|Exhaustive|Simulator'
	$(TESTS) --filter 'Exhaustive|Simulator'
# The programs as people get them: what only the optimizer trips over is found here.
	@$(MAKE) --no-print-directory release
	@HIF=$(RELEASE)/hif MICELIO=$(RELEASE)/micelio HIF_SIM=$(RELEASE)/hif-sim Scripts/end-to-end

test-s3: deps-tests  ## the contract of every store, and landings, on a real SeaweedFS
	$(SWIFT) build --build-tests $(FLAGS)
	Scripts/with-seaweedfs $(SWIFT) test --skip-build --disable-xctest $(FLAGS) --filter HifS3Tests
	@HIF=$(abspath $(BIN)/hif) MICELIO=$(abspath $(BIN)/micelio) Scripts/check-s3

test-api: build deps-tests  ## the API as /openapi.json describes it, with schemathesis; EXAMPLES=n
	@MICELIO=$(abspath $(BIN)/micelio) Scripts/check-api

test-web: build  ## every page in a browser (installs chromium and a Python driver); SHOTS=directory
	@HIF=$(BIN)/hif MICELIO=$(BIN)/micelio Scripts/check-web

test-light: deps lint  ## the part without packages: seconds instead of minutes; FILTER=Suite for one
	$(LIGHT) test --disable-xctest --scratch-path $(LIGHT_SCRATCH) $(if $(FILTER),--filter $(FILTER))

bench: release  ## hif beside git on generated projects; FILES=, COMMITS= for the size
	@export HIF=$(RELEASE_SCRATCH)/release/hif MICELIO=$(RELEASE_SCRATCH)/release/micelio \
	    FILES="$(or $(FILES),100000)" COMMITS="$(or $(COMMITS),10000)"; \
	Scripts/bench && Scripts/bench-forge

simulate: deps  ## the simulator on SEEDS fresh seeds, from FROM on (docs/simulation.md)
	$(LIGHT) build -c release --product hif-sim --scratch-path $(LIGHT_SCRATCH)-release
	$(LIGHT_SCRATCH)-release/release/hif-sim --seed $(or $(FROM),1) --count $(or $(SEEDS),1000) \
	    --jobs "$$(nproc)" --shrink

bench-rollups: deps  ## the path index over a million landings; takes some minutes
	$(LIGHT) build -c release --product hif-bench --scratch-path $(LIGHT_SCRATCH)-release
	@HIF_BENCH=$(LIGHT_SCRATCH)-release/release/hif-bench Scripts/bench-rollups

bench-size: deps  ## what histories take beside git's packs; REPO=path for another than this one
	$(LIGHT) build -c release --product hif-bench --scratch-path $(LIGHT_SCRATCH)-release
	@HIF_BENCH=$(LIGHT_SCRATCH)-release/release/hif-bench Scripts/bench-size $(REPO)

bench-landing: deps  ## landings a second on a store as far away as a bucket, and beside git push
	$(LIGHT) build -c release --scratch-path $(LIGHT_SCRATCH)-release
	@BENCH=$(LIGHT_SCRATCH)-release/release/hif-bench Scripts/bench-landing

bench-nodes: release deps-tests  ## one node and three on one bucket of a real SeaweedFS
	@Scripts/bench-nodes

bench-web: release  ## pages by wrk: their time, beside Fossil and cgit, memory, and beside a crawler
	@Scripts/deps --bench
	@Scripts/bench-web

lint:  ## formatting, strictly; generated code is exempt
	@SWIFT="$(SWIFT)" Scripts/lint

format:  ## write the formatting that lint asks for
	@SWIFT="$(SWIFT)" Scripts/lint --fix

proto: deps  ## regenerate Sources/HifAPI/Generated from proto/
	@SCRATCH="$(SCRATCH)" proto/generate.sh
