#!/usr/bin/env bash
# Builds the image: build.sh NAME [REVISION]. Takes only bases that are pinned by digest in images.env.
# BUILDER is the program: docker by default, or podman or buildah.
set -euo pipefail
name="${1:?usage: build.sh NAME [REVISION]}"
cd "$(dirname "$0")/../.."
revision="${2:-$(git rev-parse HEAD)}"
version="$(sed -n 's/^version = "\(.*\)"$/\1/p' pyproject.toml | head -n 1)"
options=(--file deploy/container/Containerfile --tag "$name" --build-arg "VERSION=$version" --build-arg "REVISION=$revision")
while IFS= read -r line; do
  [[ $line =~ ^[A-Z_]+= ]] || continue
  if [[ ! $line =~ @sha256:[0-9a-f]{64}$ ]]; then
    echo "build.sh: ${line%%=*} has no digest: run deploy/container/pin.sh first" >&2
    exit 2
  fi
  options+=(--build-arg "$line")
done <deploy/container/images.env
builder="${BUILDER:-docker}"
if [ "$(basename "$builder")" != docker ]; then
  options+=(--ignorefile deploy/container/Containerfile.dockerignore --format docker) # for the health check
fi
exec "$builder" build "${options[@]}" .
