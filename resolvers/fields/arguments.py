"""Arguments that many fields share, each described once."""

from __future__ import annotations

from datetime import date
from typing import Annotated, TypeAlias

import strawberry

AsOf: TypeAlias = Annotated[
    date | None,
    strawberry.argument(description="The day to look at, in the school's calendar; today when left out."),
]
WhenAsOf: TypeAlias = Annotated[
    date | None,
    strawberry.argument(description="Only what lasts on this day; when left out, ended times too."),
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
        description="School year by the calendar year in which it ends; the district's current one when left out."
    ),
]
First: TypeAlias = Annotated[
    int,
    strawberry.argument(description="How many at most: 1 to 100; services may ask for 1,000."),
]
After: TypeAlias = Annotated[
    str | None,
    strawberry.argument(description="Cursor where the page before ended; the start when left out."),
]
