"""The settings of a Google Classroom source."""

from __future__ import annotations

from pathlib import Path

from pydantic import AnyHttpUrl, Field, SecretStr, model_validator

from student_graph.adapters.auth import TokenSettings
from student_graph.adapters.google_classroom.client.addresses import SectionLink
from student_graph.adapters.google_classroom.client.requests import MAX_ROWS_PER_PAGE
from student_graph.adapters.google_classroom.client.service_account import TOKEN_URL, ServiceAccount, read_key

SCOPES = tuple(
    f"https://www.googleapis.com/auth/{name}"
    for name in (
        "classroom.courses.readonly",
        "classroom.rosters.readonly",
        "classroom.profile.emails",
        "classroom.coursework.students.readonly",
    )
)
"""The scopes of every token: courses, their students with e-mail addresses, and work. None can change anything."""
MAX_KEY_FILE_BYTES = 64 * 1024
"""A larger file is no key of a service account."""


class GoogleClassroomSettings(TokenSettings):
    """Settings of a Google Classroom source."""

    base_url: AnyHttpUrl = AnyHttpUrl("https://classroom.googleapis.com")
    """Root address of the API."""
    token_url: AnyHttpUrl | None = AnyHttpUrl(TOKEN_URL)
    """Address of Google's token endpoint. It gets the text that the key signs, and nothing else."""
    service_account_key: SecretStr | None = None
    """Key of the service account as JSON, from Google Cloud > IAM > Service accounts > Keys; or give
    `service_account_file`."""
    service_account_file: Path | None = None
    """Path of the file with that key, as Google Cloud creates it; relative to the settings file."""
    administrator: str = Field(pattern=r"^[^@\s]+@[^@\s]+$", max_length=254)
    """E-mail address of an administrator of the domain. The service account reads what this user may read: give it
    one of its own, with a role that may see courses, rosters and classwork of all users."""
    student_domain: str | None = Field(default=None, pattern=r"^[a-z0-9.-]+$")
    """Domain of students' e-mail addresses in small letters, such as `students.gbisd.example`. Needed only to link
    students by `login`, the part before the @."""
    section_link: SectionLink | None = "domain_alias"
    """What names the section of a course: `domain_alias` (`d:ALG-1`), `project_alias` (`p:ALG-1`), or `section`,
    the text under its name; none with `""`."""
    section_prefix: str = Field(default="", max_length=64)
    """Text between the `d:` or `p:` and the section's identifier, or at the start of the text in `section`."""
    concurrency: int = Field(default=16, ge=1, le=64)
    """Maximum number of calls in progress at the same time."""
    requests_per_minute: int | None = Field(default=1200, ge=1)
    """Calls that Google allows in a minute for one user, here the administrator."""
    rows_per_page: int = Field(default=MAX_ROWS_PER_PAGE, ge=1, le=1000)
    """Maximum number of rows that one page requests; lower it for courses with long histories of grades."""

    @model_validator(mode="before")
    @classmethod
    def _no_section_link(cls, values: object) -> object:
        """A settings file has no null: an empty text stands for none."""
        if isinstance(values, dict) and values.get("section_link") == "":
            return {**values, "section_link": None}
        return values

    @model_validator(mode="after")
    def _check_key(self) -> GoogleClassroomSettings:
        """Require one key, and not two that may differ."""
        if (self.service_account_key is None) is (self.service_account_file is None):
            raise ValueError("give service_account_key_env or service_account_file, and not both")
        return self

    def service_account(self) -> ServiceAccount:
        """
        The authentication of requests.

        Raises:
            ValueError: The key cannot be read. The message does not hold it.
        """
        setting = "service_account_key_env" if self.service_account_file is None else "service_account_file"
        key, private_key = read_key(self._key_text(), setting)
        return ServiceAccount(
            key,
            private_key,
            administrator=self.administrator,
            scopes=SCOPES,
            token_url=str(self.token_url or TOKEN_URL),
            origin=self.base_url,
        )

    def _key_text(self) -> SecretStr:
        if self.service_account_file is None:
            assert self.service_account_key is not None
            return self.service_account_key
        try:
            with self.service_account_file.open("rb") as file:
                return SecretStr(file.read(MAX_KEY_FILE_BYTES).decode())
        except (OSError, UnicodeDecodeError) as exc:
            reason = exc.strerror if isinstance(exc, OSError) else "not text"
            raise ValueError(f"service_account_file: cannot be read ({reason})") from None
