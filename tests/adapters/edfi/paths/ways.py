"""The ways of the Ed-Fi adapter: each access path, by the lookup and the coarse lookup."""

from __future__ import annotations

from typing import Any, TypeAlias

from student_graph.adapters.contract import AccessPath, LookupMethod
from student_graph.adapters.edfi.adapter import EdFi

Way: TypeAlias = tuple[LookupMethod, LookupMethod]
"""A lookup and one of the coarse lookups through which it can be answered."""


def path_of(way: Way) -> AccessPath[Any]:
    """The access path of a way."""
    method, coarse = way
    return next(path for path in EdFi.paths[method] if path.coarse_lookup is coarse)


def way_name(way: Way) -> str:
    """The name of a way in the name of a test."""
    return "-".join(method.__name__ for method in way)


WAYS: list[Way] = [(method, path.coarse_lookup) for method, paths in EdFi.paths.items() for path in paths]
CONDITIONAL_WAYS = [way for way in WAYS if path_of(way).is_complete is not None]
"""The ways that are used only with a setting."""
