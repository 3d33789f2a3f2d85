"""The declarations that tests read."""

from __future__ import annotations

from pathlib import Path

HILLSIDE = Path(__file__).parents[3] / "examples" / "third_party_adapter" / "hillside.toml"
LAKESIDE = Path(__file__).with_name("lakeside.toml")
LAKESIDE_IN_ALL_WAYS = Path(__file__).with_name("lakeside_wide.toml")
SHIPPED = sorted((Path(__file__).parents[3] / "adapters").glob("*/*.toml"))
"""The declarations of vendors that ship with this project."""
