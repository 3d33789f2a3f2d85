"""
Many small cases in one test.

A parametrized case takes some milliseconds of each process that collects it, wherever it runs. Where a case is a
few lines about one value of a long list, that is most of its time.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pytest


def subcases(
    names: str | Sequence[str], values: Iterable[Any], ids: Callable[[Any], str] | Iterable[str] | None = None
) -> Callable[[Callable[..., None]], Callable[[], None]]:
    """
    Make one test of a function and all the values that it holds for, with the arguments of `parametrize`.

    For functions without fixtures. Every value is tried; the test fails with all failures, each with its case.
    """
    arguments = [name.strip() for name in names.split(",")] if isinstance(names, str) else list(names)
    rows = [tuple(value) if len(arguments) > 1 else (value,) for value in values]
    own_names = None if ids is None or callable(ids) else list(ids)

    def case(number: int) -> str:
        if own_names is not None:
            return own_names[number]
        named = ids if callable(ids) else repr
        return ", ".join(str(named(value)) for value in rows[number])

    def decorate(function: Callable[..., None]) -> Callable[[], None]:
        @functools.wraps(function)
        def test() -> None:
            failures: list[BaseException] = []
            for number, row in enumerate(rows):
                try:
                    function(**dict(zip(arguments, row, strict=True)))
                except (Exception, pytest.fail.Exception) as error:  # noqa: BLE001 - the failure of a case
                    error.add_note(f"case {number}: {case(number)}")
                    failures.append(error)
            if failures:
                raise BaseExceptionGroup(f"{len(failures)} of {len(rows)} cases fail", failures)
            assert rows, "there are no cases"

        del test.__wrapped__  # type: ignore[attr-defined] # pytest would ask for the function's arguments
        return test

    return decorate
