"""How results are shown: as tables and progress where a terminal reads them, as plain text where a pipe does."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator, Sequence

from student_graph.gateway.cli.parser import format_table, printable

MIN_COLUMN_CHARACTERS = 14
"""Width of a column, with its margin, in which a table with longer texts can be read."""
CELL_STYLES = {"ok": "green", "failed": "bold red"}
"""Colors of cells that a terminal shows; the text says the same, and `NO_COLOR` switches them off."""


def print_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """
    Print rows under their headings: a table in a terminal, otherwise aligned text with one line for each row.

    Where a terminal is too narrow for the columns, each row is a list of headings and values.
    """
    if not sys.stdout.isatty():
        print(format_table([headings, *rows]))
        return
    # Only a terminal needs the package, which takes a while to import.
    from rich.box import SIMPLE_HEAD  # noqa: PLC0415
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    console = Console(highlight=False)
    cells = [[Text(printable(cell), style=CELL_STYLES.get(cell, "")) for cell in row] for row in rows]
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for heading in headings:
        table.add_column(Text(printable(heading)), overflow="fold")
    for row in cells:
        table.add_row(*row)
    fits = console.measure(table).maximum < console.width
    if fits or len(headings) * MIN_COLUMN_CHARACTERS <= console.width:
        console.print(table)
        return
    for row in cells:
        record = Table(box=SIMPLE_HEAD, pad_edge=False, show_header=False)
        for heading, cell in zip(headings, row, strict=True):
            if cell.plain:
                record.add_row(Text(printable(heading), style="bold"), cell)
        console.print(record)


@contextlib.contextmanager
def progress(description: str, total: int | None = None) -> Iterator[Callable[[], None]]:
    """
    Show on standard error that work is under way, if a terminal reads it; yield what reports one of `total` steps.

    Without a total, only the time is shown. Nothing is left on the screen in the end.
    """
    if not sys.stderr.isatty():
        yield lambda: None
        return
    # Only a terminal needs the package, which takes a while to import.
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import (  # noqa: PLC0415
        BarColumn,
        MofNCompleteColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
    )

    counted = () if total is None else (BarColumn(), MofNCompleteColumn())
    columns = (SpinnerColumn(), TextColumn("{task.description}"), *counted, TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(printable(description), total=total)
        yield lambda: bar.advance(task)
