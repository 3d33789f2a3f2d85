"""
The declarative adapter: a vendor's REST API described in one file, without code.

`docs/declare-a-vendor.md` is the page for authors. A declaration is read and checked once, and becomes a subclass
of `Rest` whose lookups are plain functions.
"""
