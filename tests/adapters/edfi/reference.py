"""The folders of Ed-Fi's published documents and recorded responses; tests skip if they do not exist."""

from __future__ import annotations

from pathlib import Path

import pytest

SHARED = Path(__file__).parents[4] / "shared"
RECORDED = SHARED / "recorded" / "edfi"
SPECIFICATIONS = SHARED / "data" / "edfi-api-specifications"
DESCRIPTORS = SHARED / "data" / "edfi-data-standard-5.2-descriptors"

needs_reference_data = pytest.mark.skipif(
    not SHARED.is_dir(), reason="the folder with the reference data does not exist"
)
