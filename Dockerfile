# The image of akv-sync: one static program and the public certificate authorities. No shell, no package manager, no root.
#
#   docker build --tag registry.example.com/akv-sync:0.1.0 .
#
# Where no registry can be reached, deploy/image/build makes the same image of a binary that is there already.
ARG RUST=docker.io/library/rust:1.95-bookworm

FROM ${RUST} AS build
WORKDIR /src
COPY . .
RUN install -D --mode=0555 "$(deploy/image/binary)" /image/akv-sync && \
    install -D --mode=0444 /etc/ssl/certs/ca-certificates.crt /image/etc/ssl/certs/ca-certificates.crt

FROM scratch
COPY --from=build /image /
# A number: Kubernetes cannot tell whether a name is root (`runAsNonRoot`).
USER 65532:65532
ENTRYPOINT ["/akv-sync"]
LABEL org.opencontainers.image.title="akv-sync" \
      org.opencontainers.image.description="Azure Key Vault secrets, certificates and keys as files, written whole and kept current" \
      org.opencontainers.image.licenses="MIT OR Apache-2.0" \
      org.opencontainers.image.version="0.1.0"
