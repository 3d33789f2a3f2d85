#!/usr/bin/env bash
# Writes the present digest of each base into images.env. Needs skopeo and a registry.
# The digest is that of the list of platforms, so that one line holds for amd64 and arm64.
set -euo pipefail
file="$(dirname "$0")/images.env"
pinned="$(mktemp)"
trap 'rm -f "$pinned"' EXIT
while IFS= read -r line; do
  if [[ $line =~ ^([A-Z_]+)=([^@]+)(@sha256:[0-9a-f]{64})?$ ]]; then
    digest="$(skopeo inspect --raw "docker://${BASH_REMATCH[2]}" | sha256sum | cut -d ' ' -f 1)"
    line="${BASH_REMATCH[1]}=${BASH_REMATCH[2]}@sha256:$digest"
  fi
  printf '%s\n' "$line"
done <"$file" >"$pinned"
cp "$pinned" "$file"
