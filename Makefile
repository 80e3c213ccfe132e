.DEFAULT_GOAL := help
.PHONY: help assets istio stores node clients build demo mesh mesh-down test test-raced test-plain e2e check format-check lint versions vulnerabilities table table-check \
	manifests manifests-check bench bench-sdk bench-envoy latency arrival scale scale-istio fuzz image clean

# What we ship, and the tests that run it, under the race detector. The other modules
# run other people's code, one goroutine at a time: Istio's injector, the AWS SDKs'
# resolvers, the peers of the benchmark. That code is much to compile a second time.
# Benchmarks have no tests, so vet compiles them. test/bench/azure, which has a Kubernetes
# of its own, is left to "make bench".
SHIPPED := . $(patsubst %/go.mod,%,$(wildcard awsmesh/go.mod awsmesh/*/go.mod))
RACED   := $(SHIPPED) awsmesh/sdkv2/test test
PLAIN   := test/parity test/istio
VETTED  := $(PLAIN) test/bench test/bench/measure

# Network namespaces are Linux's.
ifeq ($(shell uname -s),Linux)
RACED   += test/sdk
VETTED  += test/bench/sdk test/istio/scale
LINTED  := test/e2e test/clients/go
else
left_out := echo "test/sdk: LEFT OUT, its network namespaces need Linux"
endif

VERSION  ?= $(shell git describe --tags --match 'v[0-9]*' --always --dirty 2>/dev/null || echo dev)
IMAGE    ?= localhost/aws-mesh/webhook:$(VERSION)
DOCKER   ?= docker
FUZZTIME ?= 20s

# One set of flags for everything that is not a test: it shares one build cache.
go_build = CGO_ENABLED=0 sh tools/progress $(1) go -C $(2) build -v -trimpath

# each runs a command in every module of a list, and fails after all if one failed.
each = @failed=; for m in $(1); do echo "--- $$m"; ( cd $$m && $(2) ) || failed="$$failed $$m"; done; \
	[ -z "$$failed" ] || { echo "failed:$$failed" >&2; exit 1; }

help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9.-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

assets: ## build etcd, kube-apiserver, kube-controller-manager and kubectl into bin/ (minutes, once)
	@sh tools/progress "the control plane" sh test/assets/build bin

istio: .venv/installed ## build istiod and pilot-agent, and fetch Envoy, into bin/ (minutes, once; Python 3)
	@sh tools/progress "istiod and Envoy" sh test/istio/build bin

stores: ## build the stores behind the tests' AWS, versitygw and dynalite, into bin/ (minutes, once; Python 3)
	@sh tools/progress "the stores behind the tests' AWS" sh test/sdk/aws/assets/build bin

node: assets ## build kubelet, containerd and what else a node has into bin/node (minutes, once; root, Debian)
	@sh tools/progress "a node" sh test/node/build bin

clients: ## fetch and build clients of AWS that are not ours into bin/clients (minutes, once; Debian, Python 3, Maven)
	@sh tools/progress "clients of AWS" sh test/clients/build bin

build: ## build the webhook and the command line into bin/
	@$(call go_build,aws-mesh,.) -ldflags '-s -w -X main.version=$(VERSION)' -o bin/ ./cmd/webhook ./cmd/aws-mesh
	@ln -sf aws-mesh bin/kubectl-aws_mesh

demo: assets build ## see it work on a real control plane; KEEP=1 leaves it up to play with
	@$(call go_build,"the demo",test) -o ../bin/ ./demo
	@exec bin/demo $(if $(KEEP),--keep)

mesh: node istio stores ## a real cluster with Istio, aws-mesh and sample applications, until Ctrl-C (root, Debian, Python 3)
	@$(call go_build,"the mesh",test) -o ../bin/mesh ./node/cmd/mesh
	@exec bin/mesh

mesh-down: ## end what "make mesh" began, from another terminal
	@bin/mesh --down

# Of files in other modules, and of programs that a test builds, Go's cache knows nothing.
# The flags of go_build, where there is no race detector, share what is compiled.
test: test-raced test-plain ## all tests, race detector on, real API server, real mesh (Python 3; root, or AWS_MESH_NO_ROOT_TESTS=1 leaves those out)

test-raced: assets istio stores build
	$(call each,$(RACED),go test -race -count=1 ./...)
	@$(left_out)

test-plain: assets istio stores
	$(call each,$(PLAIN),CGO_ENABLED=0 go test -trimpath -count=1 ./...)

# Without a package, "go test" shows its output: the table. Pods wait much: more tests
# than processors run at a time.
e2e: node istio stores $(if $(RUN),,clients) ## tests on a real cluster with Istio and our image in it (root, minutes; needs what mesh and clients do); RUN=TestCalls runs these alone
	cd test/e2e && CGO_ENABLED=0 go test -trimpath -count=1 -timeout 40m -parallel $(or $(PARALLEL),8) $(if $(RUN),-run '$(RUN)')

check: format-check lint versions vulnerabilities table-check manifests-check ## formatting, vet and linters, known vulnerabilities, generated files

format-check:
	@found=$$(gofmt -l $$(find . -name '*.go' -not -path './.*')); \
	[ -z "$$found" ] || { echo "run gofmt on:"; echo "$$found"; exit 1; }

# The linters and vet read what the compiler says of imported packages; with the flags of
# "make test" that is there already. Linters would also read all of Istio and of the AWS
# SDKs, for a quarter of an hour, so in those modules vet has to do.
golangci_lint = "$(CURDIR)/bin/tools/golangci-lint" run --allow-parallel-runners --config "$(CURDIR)/.golangci.yml" ./...
lint: bin/tools/golangci-lint
	$(call each,$(RACED),GOFLAGS="$$GOFLAGS -race" $(golangci_lint))
	$(call each,$(LINTED),CGO_ENABLED=0 GOFLAGS="$$GOFLAGS -trimpath" $(golangci_lint))
	$(call each,$(VETTED),CGO_ENABLED=0 go vet -trimpath ./...)

versions:
	@sh tools/versions

vulnerabilities: bin/tools/govulncheck
	@sh tools/vulnerabilities $(SHIPPED)

table: .venv/installed ## regenerate the table of AWS endpoints from the pinned botocore
	.venv/bin/python awsmesh/endpoints/generate/generate.py

table-check: .venv/installed
	.venv/bin/python awsmesh/endpoints/generate/generate.py --check

.venv/installed: awsmesh/endpoints/generate/requirements.txt
	python3 -m venv .venv
	.venv/bin/pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

manifests: assets ## regenerate deploy/install.yaml from deploy/base
	bin/kubectl kustomize deploy/base >deploy/install.yaml

manifests-check: assets
	bin/kubectl kustomize deploy/base | diff -u deploy/install.yaml -

bench: ## admission, side by side with the peers' webhooks on the same review
	cd test/bench && go run .

bench-sdk: ## both SDKs in the mesh, side by side with the plain SDK over TLS and the way of 2018
	cd test/bench/sdk && go run .

bench-envoy: istio ## the same through the real Envoy, with what that uses (root)
	cd test/bench/sdk && go run . -envoy

latency: assets ## pod creates through the real API server, with our webhook and without
	cd test && go run ./latency

arrival: node istio stores ## pod create until the route is usable, on a real mesh, with 1 and 500 namespaces (minutes; needs what mesh does)
	cd test && CGO_ENABLED=0 go run -trimpath ./arrival

scale: assets ## the controller with 10,000 pods in 1,000 namespaces
	cd test && go run ./scale

scale-istio: assets istio ## istiod with objects for each of 1,000 namespaces, and with one shared set (minutes)
	cd test/istio/scale && go run .

fuzz: ## run every fuzz target for FUZZTIME (20s)
	@grep -rn --include='*_test.go' '^func Fuzz' . | \
	sed 's#^\(.*\)/[^/]*:func \(Fuzz[A-Za-z0-9_]*\).*#\1 \2#' | while read -r dir target; do \
		echo "--- $$dir $$target"; \
		( cd $$dir && go test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) . ) || exit 1; \
	done

image: ## build the container image, with DOCKER (docker) as IMAGE
	$(DOCKER) build --build-arg VERSION=$(VERSION) -t $(IMAGE) .

clean: ## remove what was built
	rm -rf bin .venv

# Tools are pinned as "tool" lines of tools/go.mod.
bin/tools/%: tools/go.mod tools/go.sum
	@$(call go_build,$*,tools) -o ../$@ $$(go -C tools list tool | grep '/$*$$')
