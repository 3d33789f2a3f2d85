"""An application that takes over from another one goes on with the documents that it has checked."""

from __future__ import annotations

import hashlib

from student_graph.gateway.documents.limits import DocumentLimits
from student_graph.gateway.server.service import Application, Service
from tests.gateway.small_district import Ledger, district

TEXT = "query Names { districts { name } }"
DIGEST = hashlib.sha256(TEXT.encode()).hexdigest()


def application(running: Application | None = None, limits: DocumentLimits | None = None) -> Application:
    """An application with one trusted document."""
    service = Service(
        [district(Ledger())], {}, trusted_documents={DIGEST: TEXT}, document_limits=limits or DocumentLimits()
    )
    return Application(service, running)


async def test_a_reload_goes_on_with_the_documents_that_were_checked() -> None:
    """The trusted one, and one that was sent. Other limits check all of them again."""
    first = application()
    trusted, sent = first.documents.get_trusted(DIGEST), first.documents.get_by_text("{ districts { id } }")
    same, stricter = application(first), application(first, DocumentLimits(depth=11))
    assert same.documents.get_trusted(DIGEST) is trusted
    assert same.documents.get_by_text("{ districts { id } }") is sent
    assert stricter.documents.get_trusted(DIGEST) is not trusted
    assert not stricter.documents.has("{ districts { id } }")
