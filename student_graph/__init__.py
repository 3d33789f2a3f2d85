"""
The student graph: gateway, resolvers and adapter kit under one import name.

In a checkout, `gateway`, `resolvers` and `adapters` are directories at the root. The entries beside this file are
symbolic links to them, for tools that read files, such as mypy. In a wheel they are plain directories.
"""

from pathlib import Path

_gateway = Path(__file__).parent / "gateway"
if _gateway.is_symlink() or not _gateway.is_dir():
    # A checkout. Modules are loaded from the root itself: a debugger's breakpoints hold, and a checkout without
    # symbolic links (Windows) works.
    __path__ = [str(Path(__file__).resolve().parents[1])]
