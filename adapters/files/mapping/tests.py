"""Maps rows to the tests that they are results of."""

from __future__ import annotations

import re
from collections.abc import Mapping

from student_graph.adapters.files.api.layouts import Family, Layout, Test
from student_graph.adapters.files.mapping.values import subjects
from student_graph.adapters.model import Assessment, AssessmentId, Descriptor

_PLACEHOLDER = re.compile(r"\{([^{}]+)\}")


def test_of(layout: Layout, texts: Mapping[str, str]) -> Test | None:
    """Return the test of a row: the first whose conditions are true; None if there is none."""
    for test in layout.tests:
        if all(word.casefold() in texts.get(column, "").casefold() for column, word in test.when.items()):
            return test
    return None


def identifier(test: Test, texts: Mapping[str, str]) -> str:
    """Return the identifier of a test, with the texts of the row in it."""
    return _filled(test.identifier, test, texts)


def assessment(family: Family, layout: Layout, test: Test, texts: Mapping[str, str]) -> Assessment:
    """The test of a row."""
    id, name = identifier(test, texts), _filled(test.subject, test, texts)
    return Assessment(
        vendor_id=id,
        assessment_id=AssessmentId(id),
        assessment_identifier=id,
        namespace=family.namespace,
        title=_filled(test.title, test, texts),
        family=layout.family or family.family,
        subjects=subjects(name),
        subject_descriptors=[Descriptor(code_value=name)] if name else [],
    )


def _filled(template: str, test: Test, texts: Mapping[str, str]) -> str:
    """A text in which columns in braces are replaced by what they hold."""

    def text_of(match: re.Match[str]) -> str:
        text = texts.get(match[1], "")
        return test.replace.get(text, text)

    return _PLACEHOLDER.sub(text_of, template)
