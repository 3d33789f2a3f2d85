"""Files that a district receives: exports of assessment vendors, and OneRoster CSV."""
