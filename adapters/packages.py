"""Packages with adapters that are installed again, in another version, while the gateway runs."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

from student_graph.adapters.registry import SettingsError, adapter_entry_points, find_entry_points_again

_OWN_PACKAGE = __name__.partition(".")[0]


class LoadedPackages:
    """The versions of the packages whose adapters this process has imported."""

    def __init__(self) -> None:
        self._versions: dict[str, str] = {}
        """By name of the package."""

    @contextmanager
    def up_to_date(self) -> Iterator[None]:
        """
        Let the block see the adapters as they are installed now, and import changed packages again.

        If the block raises an exception, the modules so far are in place again. Their objects stay as they are in
        any case: only what is imported from now on is the new version.

        Raises:
            SettingsError: student-graph itself was installed in another version, which takes a new process.
        """
        find_entry_points_again()
        versions = _installed_versions()
        changed = {name for name, version in versions.items() if self._versions.get(name, version) != version}
        removed: dict[str, ModuleType] = {}
        for package in _top_packages(changed):
            if package == _OWN_PACKAGE:
                raise SettingsError("student-graph was installed in another version: restart the gateway")
            removed |= _remove_modules(package)
        try:
            yield
        except BaseException:
            for package in _top_packages(changed):
                _remove_modules(package)
            sys.modules.update(removed)
            raise
        self._versions = versions


def _installed_versions() -> dict[str, str]:
    """The versions of the packages that have adapters, by name."""
    # Each reads a file for its name and another time for its version, so each is asked once.
    packages = {point.dist for point in adapter_entry_points() if point.dist is not None}
    return {package.name: package.version for package in packages}


def _top_packages(names: set[str]) -> set[str]:
    """The names under which the adapters of some packages are imported, without submodules."""
    points = adapter_entry_points()
    return {
        point.module.partition(".")[0] for point in points if point.dist is not None and point.dist.name in names
    }


def _remove_modules(package: str) -> dict[str, ModuleType]:
    """Forget a package and its submodules, so that they are imported again; returns them by name."""
    names = [name for name in sys.modules if name == package or name.startswith(f"{package}.")]
    return {name: sys.modules.pop(name) for name in names}
