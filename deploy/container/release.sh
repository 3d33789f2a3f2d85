#!/usr/bin/env bash
# Releases an image: release.sh [--dry-run] NAME, such as registry.example.org/student-graph. It builds the commit that
# has the version's tag, pushes it, signs its digest without a key of our own, and verifies that as a user would.
# --dry-run prints the commands and runs none. Needs docker, cosign, the right to push, and the identity of a job
# (OpenID Connect) or a browser to sign in; SIGNER and SIGNER_ISSUER say whose signature is expected.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
is_dry=false
if [ "${1:-}" = --dry-run ]; then
  is_dry=true
  shift
fi
name="${1:?usage: release.sh [--dry-run] NAME}"
: "${SIGNER:?set SIGNER to the identity of the job that signs, such as ^https://git.example/team/student-graph/}"
: "${SIGNER_ISSUER:?set SIGNER_ISSUER to the issuer of its identity, such as https://token.actions.githubusercontent.com}"
export SIGNER SIGNER_ISSUER
cd "$here/../.."
version="$(sed -n 's/^version = "\(.*\)"$/\1/p' pyproject.toml | head -n 1)"
image="$name:$version"

run() {
  if $is_dry; then
    printf '%s\n' "$*"
  else
    "$@"
  fi
}

if ! $is_dry; then
  if [ -n "$(git status --porcelain)" ]; then
    echo "release.sh: the checkout has changes: release what is committed" >&2
    exit 2
  fi
  if [ "$(git describe --exact-match --tags 2>/dev/null)" != "v$version" ]; then
    echo "release.sh: this commit has no tag v$version" >&2
    exit 2
  fi
fi
run "$here/build.sh" "$image"
run docker push "$image"
if $is_dry; then
  digest="$name@sha256:DIGEST"
  sbom=sbom.cdx.json
else
  digest="$(docker image inspect --format '{{index .RepoDigests 0}}' "$image")"
  sbom="$(mktemp -d)/sbom.cdx.json"
fi
container="student-graph-release-$$"
run docker create --name "$container" "$image"
run docker cp "$container:/usr/share/doc/student-graph/sbom.cdx.json" "$sbom"
run docker rm "$container"
run "$here/sign.sh" "$digest" "$sbom"
run "$here/verify.sh" "$digest"
echo "released $digest"
