"""
Tests, in the folders of the code that they test.

No process of the tests imports `rfc3987_syntax`: `jsonschema` does where it is installed, and the grammar takes a
second of each process. It is for formats of addresses, and no test checks these.
"""

from __future__ import annotations

import sys

sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type] # an import of it fails, as if it were missing
