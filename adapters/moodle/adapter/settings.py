"""The settings of a Moodle source."""

from __future__ import annotations

from pydantic import Field, SecretStr, model_validator

from student_graph.adapters.contract import AdapterSettings
from student_graph.adapters.moodle.client.keys import SectionLink


class MoodleSettings(AdapterSettings):
    """Settings of a Moodle source."""

    token: SecretStr
    """Token of a web service, from Site administration > Server > Web services > Manage tokens. Make it for an
    account of its own, whose role only reads, and for a service with the functions in the adapter's README."""
    section_link: SectionLink | None = "idnumber"
    """What names the section of a course: its `idnumber` (Course ID number) or its `shortname`; none with `""`."""
    section_prefix: str = Field(default="", max_length=64)
    """Text before the section's identifier in the idnumber or the short name, such as `255901001-`."""
    student_roles: tuple[str, ...] = ("student",)
    """Short names of the roles that students have in courses, from Site administration > Users > Define roles."""
    concurrency: int = Field(default=8, ge=1, le=64)
    """Maximum number of calls in progress at the same time; each occupies a PHP process of the site."""

    @model_validator(mode="before")
    @classmethod
    def _no_section_link(cls, values: object) -> object:
        """A settings file has no null: an empty text stands for none."""
        if isinstance(values, dict) and values.get("section_link") == "":
            return {**values, "section_link": None}
        return values
