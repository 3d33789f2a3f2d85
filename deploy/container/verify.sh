#!/usr/bin/env bash
# Verifies who signed an image, and its bill of materials: verify.sh NAME@sha256:DIGEST. Exits with 1 if it is not as
# signed. SIGNER is who may have signed it, as a regular expression, and SIGNER_ISSUER who says so.
set -euo pipefail
image="${1:?usage: verify.sh NAME@sha256:DIGEST}"
: "${SIGNER:?set SIGNER to the identity of the job that signs, such as ^https://git.example/team/student-graph/}"
: "${SIGNER_ISSUER:?set SIGNER_ISSUER to the issuer of its identity, such as https://token.actions.githubusercontent.com}"
if [[ ! $image =~ @sha256:[0-9a-f]{64}$ ]]; then
  echo "verify.sh: verify a digest (NAME@sha256:...), and run that digest" >&2
  exit 2
fi
identity=(--certificate-identity-regexp "$SIGNER" --certificate-oidc-issuer "$SIGNER_ISSUER")
cosign verify "${identity[@]}" "$image"
cosign verify-attestation --type cyclonedx "${identity[@]}" "$image" >/dev/null
