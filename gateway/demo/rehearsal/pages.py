"""The pages that people look at on a school morning: the example documents, by role."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from student_graph.gateway.demo.rehearsal.vendors.district import Viewer
from student_graph.gateway.web.routes.graphiql import examples_folder

PAGES_OF_ROLE: Mapping[str, Sequence[str]] = {
    "superintendent": ("10-schools-compared", "11-subgroups", "04-find-students"),
    "principal": ("09-early-warning-list", "04-find-students", "08-newly-absent"),
    "teacher": ("05-teachers-day", "12-reading-group", "02-class-roster"),
    "parent": ("16-parents-page",),
}
"""Names of the documents of each role, the one that is opened most often first."""
STUDENT_PAGE = "01-one-student"
"""The page of one student, which everybody opens who has one."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page of one viewer."""

    viewer: Viewer
    document: str
    """Name of the document, such as `05-teachers-day`."""
    variables: tuple[tuple[str, str], ...] = ()

    @property
    def body(self) -> dict[str, object]:
        """The request as JSON."""
        return {"query": document_text(self.document), "variables": dict(self.variables)}


@cache
def document_text(name: str) -> str:
    """The text of an example document."""
    return (examples_folder() / f"{name}.graphql").read_text(encoding="utf-8")


def pages_of(viewer: Viewer) -> list[Page]:
    """The pages of a viewer, the one that is opened most often first."""
    pages = [Page(viewer, name) for name in PAGES_OF_ROLE[viewer.role]]
    if viewer.student is not None:
        pages.append(Page(viewer, STUDENT_PAGE, (("studentUniqueId", viewer.student),)))
    return pages
