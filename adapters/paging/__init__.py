"""
Reading a vendor's lists: one page, or all pages.

There are five styles of paging. Each has a function for all pages, such as `offset_pages`; the styles with
which a paged lookup can answer a `Window` also have one for a single page, such as `offset_page`. The argument
`rows` turns a response into the rows of a page: a list of payloads, or `reading.Rows`. `OffsetLists` reads the
pages of a list by limit and offset concurrently, and learns how large the pages of a server may be.

What happens if the list changes while it is read depends on the style. By key (a keyset, or a cursor that names
a row), each row that exists the whole time is read once. By position (limit and offset, and the links and
tokens of vendors that count rows), an insertion before the current position makes another row appear twice,
a deletion before it makes at most one other row be missed; a server whose rows have no fixed order does both. A
row that appears twice, fewer rows than the vendor's total, or a total that becomes smaller are evidence of that:
`collect_pages` and `OffsetLists` then read the list once more, and if it changes again, that is an error. Without
a total, `OffsetLists` requests each page from the last row of the page before, which shows a deletion. If so many
rows are inserted that a page is returned again unchanged, that is an error and not an endless list.

The vendor is not trusted: pages and rows are limited, a repeated cursor is an error, and a next link is
followed only on its own origin.
"""

from student_graph.adapters.paging.cursors import (
    cursor_page,
    cursor_pages,
    keyset_pages,
    link_page,
    link_pages,
    token_pages,
)
from student_graph.adapters.paging.list_counts import COUNT_ONLY, CountsLists
from student_graph.adapters.paging.offset_lists import OffsetLists
from student_graph.adapters.paging.offsets import offset_page, offset_pages
from student_graph.adapters.paging.pages import (
    MAX_PAGES,
    MAX_ROWS,
    ListChangedError,
    ListTooLongError,
    Params,
    PayloadPage,
    collect_pages,
    max_pages_of,
    total_count,
)

__all__ = [
    "COUNT_ONLY",
    "MAX_PAGES",
    "MAX_ROWS",
    "CountsLists",
    "ListChangedError",
    "ListTooLongError",
    "OffsetLists",
    "Params",
    "PayloadPage",
    "collect_pages",
    "cursor_page",
    "cursor_pages",
    "keyset_pages",
    "link_page",
    "link_pages",
    "max_pages_of",
    "offset_page",
    "offset_pages",
    "token_pages",
    "total_count",
]
