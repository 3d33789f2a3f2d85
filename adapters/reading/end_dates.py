"""
End dates of vendors: some write the last day of a period, others the day after it.

Each attribute of a record has one meaning (see `adapters.model`), whatever the vendor writes.
"""

from __future__ import annotations

import datetime as dt
from typing import Literal, TypeAlias

EndDate: TypeAlias = Literal["day_after", "last_day"]
"""What a vendor writes as the end of a period: the first day after it, or its last day."""
_ONE_DAY = dt.timedelta(days=1)


def last_day(end: dt.date | None, written: EndDate) -> dt.date | None:
    """The last day of a period, from what a vendor writes as its end; None if it has no end."""
    return end - _ONE_DAY if end is not None and written == "day_after" and end > dt.date.min else end


def day_after(end: dt.date | None, written: EndDate) -> dt.date | None:
    """The first day after a period, from what a vendor writes as its end; None if it has no end."""
    return end + _ONE_DAY if end is not None and written == "last_day" and end < dt.date.max else end
