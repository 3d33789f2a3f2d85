"""Where the published documents and the recorded answers of Ed-Fi are, and what a test does where they are not."""

from __future__ import annotations

from pathlib import Path

import pytest

SHARED = Path(__file__).parents[4] / "shared"
RECORDED = SHARED / "recorded" / "edfi"
SPECIFICATIONS = SHARED / "data" / "edfi-api-specifications"
DESCRIPTORS = SHARED / "data" / "edfi-data-standard-5.2-descriptors"

needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the reference data is not at hand")
