# The everyday commands. Each sets up what it needs and does nothing twice.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
NPM := $(shell command -v npm 2>/dev/null)
PAGE := gateway/graphiql/index.html
DASHBOARD := gateway/dashboard/index.html
DEMO_INSTALLED := $(VENV)/.installed-demo
TOOLS_INSTALLED := $(VENV)/.installed-tools
DEPLOY_INSTALLED := $(VENV)/.installed-deploy
# Extras that a demo with these options needs: tools for assistants, and readers of files.
DEMO_EXTRAS = $(if $(findstring --assistants,$(DEMO)),assistants) $(if $(or $(findstring --records,$(DEMO)),$(filter files powerschool aeries,$(subst =, ,$(DEMO)))),files)
AUDIT := tests/gateway/web/http_audit
CLIENT_LIBRARIES := tests/client_libraries
GRAPHIQL_TESTS := tests/graphiql
LIGHTHOUSE := tests/lighthouse
PEERS := benchmarks/node
CLIENT_GENERATOR := $(VENV)/client-generator/.installed
DOCS := docs/site
# uv installs in a tenth of pip's time. Where it fails, as with an index that only pip is configured for, pip does it.
INSTALL = (test -x $(BIN)/uv && $(BIN)/uv pip install --quiet --python $(BIN)/python $(1) || $(BIN)/python -m pip install --quiet $(1))
PYTEST := $(BIN)/python -m pytest -q -n auto --dist worksteal $(if $(RERUNS),--reruns $(RERUNS))

.DEFAULT_GOAL := help
.PHONY: help setup deploy-tools container-lock run test test-long check check-static upstream bench attacks soak answers docs figures faults telemetry presets certificates graphiql dashboard screenshots lighthouse schema clean

help: ## This list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

setup: $(TOOLS_INSTALLED) $(CLIENT_GENERATOR) $(if $(NPM),$(PAGE) $(DASHBOARD) $(AUDIT)/node_modules/.package-lock.json $(GRAPHIQL_TESTS)/node_modules/.package-lock.json $(CLIENT_LIBRARIES)/node_modules/.package-lock.json $(DOCS)/node_modules/.package-lock.json) ## A .venv with everything that tests, lint and benchmarks need, GraphiQL and the dashboard if npm is installed
ifndef NPM
	@test -f $(PAGE) || echo "npm was not found: the gateway works, its GraphiQL page says how to build it"
endif

run: ## The demo: a made-up district, its vendors and the gateway (DEMO="--port 9000 --dashboard": options of it)
	@$(MAKE) --silent --no-print-directory -j 2 $(DEMO_INSTALLED) $(DEMO_EXTRAS:%=$(VENV)/.installed-extra-%) $(if $(NPM),$(PAGE) $(if $(findstring --dashboard,$(DEMO)),$(DASHBOARD)))
ifndef NPM
	@test -f $(PAGE) || echo "npm was not found: the gateway works, its GraphiQL page says how to build it"
endif
	@echo "Starting the demo: student-graph demo $(DEMO)"
	@$(BIN)/student-graph demo $(DEMO)

test: setup ## The tests, with a sample of the long runs
	@$(PYTEST)

test-long: setup $(if $(NPM),$(LIGHTHOUSE)/node_modules/.package-lock.json) ## The long runs in full
	@STUDENT_GRAPH_LONG_RUNS=1 $(PYTEST) -m long_run

check: check-static test ## Everything that must hold before a change is proposed

check-static: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/mypy examples/third_party_adapter/hillside_sis
	$(BIN)/lint-imports
	$(BIN)/python -m tests.style
	@$(BIN)/python -m tests.faults.page | diff -u docs/faults.md - || (echo "docs/faults.md is stale: run make faults"; exit 1)
	@$(BIN)/python -m student_graph.resolvers.metrics.presets.page | diff -u docs/presets.md - || (echo "docs/presets.md is stale: run make presets"; exit 1)
	@$(BIN)/student-graph schema | diff -u schema.graphql - || (echo "schema.graphql is stale: run make schema"; exit 1)

upstream: setup ## The tests of graphql-core with the gateway's executors
	@$(BIN)/python -m tests.upstream $(EXECUTORS)

bench: setup $(if $(NPM),$(PEERS)/node_modules/.package-lock.json) ## The benchmarks: a table, and benchmarks/results.json
	@$(BIN)/python -m benchmarks $(BENCH) $(if $(RERUNS),--reruns $(RERUNS))

attacks: setup ## The attack suite for ten seconds each: a table, and attacks.json
	@$(BIN)/python -m tests.attacks --json attacks.json $(ATTACKS)

soak: setup ## An hour of mixed load (MINUTES=60): memory by minute, soak.json and soak.svg
	@$(BIN)/python -m tests.attacks.mixed_load --minutes $(or $(MINUTES),60)

answers: setup ## The example documents with their answers on the demo, one line each (ANSWERS="--latency 0 --json")
	@$(BIN)/python -m tests.gateway.documents.examples.answers $(ANSWERS)

docs: $(TOOLS_INSTALLED) $(if $(NPM),$(DOCS)/node_modules/.package-lock.json) ## The documentation as a site, in the folder site; a broken link fails
	@$(BIN)/python -m sphinx -b html -c $(DOCS) -W --keep-going -q . site
	@echo "Open site/index.html, or serve the folder: $(BIN)/python -m http.server --directory site"
ifndef NPM
	@echo "npm was not found: the site shows the source of its diagram in place of the picture"
endif

deploy-tools: $(DEPLOY_INSTALLED) ## What the tests of the files in deploy need: Caddy, Helm's engine, schemas, lint

container-lock: $(TOOLS_INSTALLED) ## Write deploy/container/requirements.txt: the newest packages that fit, with hashes
	@$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --extra redis --extra s3 --extra telemetry \
	  --custom-compile-command "make container-lock" --output-file deploy/container/requirements.txt pyproject.toml

quick-start: ## How long a new user waits for the demo and the dashboard, and how much is installed (WRITE=1: into the README)
	@$(PYTHON) -m tests.quick_start $(if $(WRITE),--write)

figures: setup ## The size of the code, and who imports whom
	@$(BIN)/python -m tests.figures

faults: setup ## Write docs/faults.md
	@$(BIN)/python -m tests.faults.page > .faults.new && mv .faults.new docs/faults.md

telemetry: setup ## Write the table of metrics in docs/telemetry.md, and draw the trace in it
	@$(BIN)/python -m tests.gateway.telemetry.table
	@$(BIN)/python -m tests.gateway.telemetry.picture

presets: setup ## Write docs/presets.md
	@$(BIN)/python -m student_graph.resolvers.metrics.presets.page > .presets.new && mv .presets.new docs/presets.md

certificates: setup ## Certify the shipped adapters by a sample (CASES=all: all cases) into docs/certificates
	@$(BIN)/python -m tests.certificates $(if $(filter all,$(CASES)),,--sample) $(if $(KEY),--key $(KEY)) $(NAMES)

graphiql: ## Build the GraphiQL page again
	@rm -f $(PAGE)
	@$(MAKE) --no-print-directory $(PAGE)

dashboard: ## Build the example dashboard again
	@rm -f $(DASHBOARD)
	@$(MAKE) --no-print-directory $(DASHBOARD)

screenshots: setup ## Take the screenshots of the README and the docs again; needs Chromium
	@$(BIN)/python -m tests.gateway.web.routes.screenshots
	@$(BIN)/python -m tests.gateway.cli.scorecard_screenshot

lighthouse: setup $(if $(NPM),$(LIGHTHOUSE)/node_modules/.package-lock.json) ## What Lighthouse says about the status page and the dashboard (RUNS=5); needs Chromium
	@$(BIN)/python -m tests.lighthouse $(RUNS)

schema: setup ## Write schema.graphql
	@$(BIN)/student-graph schema > .schema.graphql.new && mv .schema.graphql.new schema.graphql

clean: ## Remove everything that was built
	rm -rf $(VENV) gateway/graphiql graphiql/node_modules gateway/dashboard examples/dashboard/node_modules examples/dashboard/src/gql $(AUDIT)/node_modules $(GRAPHIQL_TESTS)/node_modules $(CLIENT_LIBRARIES)/node_modules $(LIGHTHOUSE)/node_modules $(PEERS)/node_modules $(DOCS)/node_modules docs/reference site dist

# Each of the two says what is installed, and is made again after a change of pyproject.toml. The tools bring the demo's
# packages too, so that `make run` has nothing to do after `make test`.
$(BIN)/python:
	@echo "Making $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv --without-pip $(VENV)
	@$(PYTHON) -m pip --python $(VENV) install --quiet --no-compile pip uv 2>/dev/null || $(BIN)/python -m ensurepip >/dev/null

$(DEMO_INSTALLED): pyproject.toml hatch_build.py | $(BIN)/python
	@echo "Installing the packages of the demo into $(VENV)"
	@$(call INSTALL,--editable .)
	@touch $@

$(VENV)/.installed-extra-%: pyproject.toml | $(DEMO_INSTALLED)
	@echo "Installing the packages of the extra $* into $(VENV)"
	@$(call INSTALL,--editable '.[$*]')
	@touch $@

$(TOOLS_INSTALLED): pyproject.toml hatch_build.py examples/third_party_adapter/pyproject.toml | $(BIN)/python
	@echo "Installing the packages of the tests, lint and benchmarks into $(VENV)"
	@$(call INSTALL,--editable '.[dev]')
	@$(call INSTALL,--no-deps --editable examples/third_party_adapter)
	@touch $(DEMO_INSTALLED) $(VENV)/.installed-extra-assistants $(VENV)/.installed-extra-files $@

$(DEPLOY_INSTALLED): pyproject.toml | $(TOOLS_INSTALLED)
	@echo "Installing the packages that check the files in deploy into $(VENV)"
	@$(call INSTALL,--editable '.[deploy]')
	@touch $@

# It writes Python clients in a test, and needs an older graphql-core than the gateway.
$(CLIENT_GENERATOR): $(CLIENT_LIBRARIES)/python/requirements.txt | $(TOOLS_INSTALLED)
	@echo "Installing the generator of Python clients into its own environment"
	@$(BIN)/python -m venv --without-pip $(@D)
	@test -x $(BIN)/uv && $(BIN)/uv pip install --quiet --python $(@D)/bin/python --requirement $< \
	  || $(BIN)/python -m pip --python $(@D)/bin/python install --quiet --requirement $<
	@touch $@

%/node_modules/.package-lock.json: %/package-lock.json
	@command -v npm >/dev/null || (echo "npm was not found: install Node 20.19 or newer"; exit 1)
	@echo "Installing the npm packages of $*"
	@cd $* && npm ci --no-audit --no-fund --loglevel=error >/dev/null
	@touch $@

$(PAGE): graphiql/node_modules/.package-lock.json graphiql/index.html graphiql/vite.config.js $(wildcard graphiql/src/*)
	@echo "Building the GraphiQL page"
	@cd graphiql && npm run --silent build -- --logLevel warn
	@touch $@

# Its types and its trusted documents are generated from the schema.
$(DASHBOARD): examples/dashboard/node_modules/.package-lock.json schema.graphql $(shell find examples/dashboard -name node_modules -prune -o -name gql -prune -o -type f -print 2>/dev/null)
	@echo "Building the example dashboard"
	@cd examples/dashboard && DASHBOARD_OUT=../../gateway/dashboard npm run --silent build -- --logLevel warn
	@touch $@
