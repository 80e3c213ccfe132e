# The webhook, alone: a static binary needs nothing beside it, and what is not there
# cannot be attacked. GO_IMAGE may be any image with Go 1.26 and a shell.
ARG GO_IMAGE=golang:1.26

FROM --platform=$BUILDPLATFORM ${GO_IMAGE} AS build
WORKDIR /src
COPY go.mod go.sum ./
COPY awsmesh/go.mod awsmesh/
RUN go mod download
COPY awsmesh awsmesh
COPY certs certs
COPY internal internal
COPY cmd/webhook cmd/webhook
ARG VERSION=devel
ARG TARGETOS
ARG TARGETARCH
RUN CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH \
    go build -trimpath -ldflags "-s -w -X main.version=$VERSION" -o /webhook ./cmd/webhook

FROM scratch
ARG VERSION=devel
LABEL org.opencontainers.image.title="aws-mesh webhook" \
      org.opencontainers.image.description="Puts Istio pods that ask for AWS services in mesh mode" \
      org.opencontainers.image.source="https://github.com/aws-mesh/aws-mesh" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="$VERSION"
COPY LICENSE NOTICE /licenses/
COPY --from=build /webhook /webhook
USER 65532:65532
EXPOSE 9443 8080 8081
ENTRYPOINT ["/webhook"]
