#!/usr/bin/env bash
# Writes the bill of materials of a Python environment as CycloneDX 1.6, valid by its schema: sbom.sh PYTHON FILE.
# Needs cyclonedx-py, from the package cyclonedx-bom.
set -euo pipefail
python="${1:?usage: sbom.sh PYTHON FILE}"
file="${2:?usage: sbom.sh PYTHON FILE}"
exec cyclonedx-py environment --spec-version 1.6 --output-format JSON --output-reproducible --validate \
  --output-file "$file" "$python"
