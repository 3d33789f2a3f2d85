#!/usr/bin/env bash
# Signs an image without a key of our own, and attaches its bill of materials: sign.sh NAME@sha256:DIGEST SBOM.
# cosign gets a certificate for the identity of the job that runs it (OpenID Connect), valid for ten minutes, and writes
# the signature to a public log. Needs cosign 2 or newer, and the right to push to the registry.
set -euo pipefail
image="${1:?usage: sign.sh NAME@sha256:DIGEST SBOM}"
sbom="${2:?usage: sign.sh NAME@sha256:DIGEST SBOM}"
if [[ ! $image =~ @sha256:[0-9a-f]{64}$ ]]; then
  echo "sign.sh: sign a digest (NAME@sha256:...), because a tag may be another image tomorrow" >&2
  exit 2
fi
cosign sign --yes "$image"
cosign attest --yes --type cyclonedx --predicate "$sbom" "$image"
