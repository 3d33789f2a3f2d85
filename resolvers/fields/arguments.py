"""Arguments that many fields share, each described once."""

from __future__ import annotations

from datetime import date
from typing import Annotated, TypeAlias

import strawberry

AsOf: TypeAlias = Annotated[
    date | None,
    strawberry.argument(description="A day in the school's calendar; today if omitted."),
]
ActiveOn: TypeAlias = Annotated[
    date | None,
    strawberry.argument(description="Only what is current on this day; also what has ended if omitted."),
]
From: TypeAlias = Annotated[
    date | None,
    strawberry.argument(name="from", description="First day, included."),
]
To: TypeAlias = Annotated[
    date | None,
    strawberry.argument(name="to", description="Last day, included."),
]
SchoolYear: TypeAlias = Annotated[
    int | None,
    strawberry.argument(
        description="School year by the calendar year in which it ends; the current one if omitted."
    ),
]
First: TypeAlias = Annotated[
    int,
    strawberry.argument(description="Maximum number of edges: 1 to 100; services may ask for 1,000."),
]
After: TypeAlias = Annotated[
    str | None,
    strawberry.argument(description="Cursor at which the previous page ended; the start of the list if omitted."),
]
