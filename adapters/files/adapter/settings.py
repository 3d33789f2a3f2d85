"""Settings of a file source."""

from __future__ import annotations

from importlib.util import find_spec
from ipaddress import ip_address
from pathlib import Path
from typing import Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AnyHttpUrl, Field, SecretStr, field_validator, model_validator

from student_graph.adapters.contract import AdapterSettings

BUCKET_SCHEME = "s3://"
NO_ADDRESS = AnyHttpUrl("https://files.invalid")
"""Stands for the address that a file source does not have; no server can have it (RFC 2606)."""
MAX_ID_DIGITS = 32
"""Longest id: that of a `studentUniqueId`."""
MISSING_EXTRA = "reading files needs the extra 'files': pip install 'student-graph[files]'"


class FileSettings(AdapterSettings):
    """Where the files are, and how the district writes them."""

    base_url: AnyHttpUrl = NO_ADDRESS
    """Not used: a file source is not asked over HTTP. Leave it out."""
    location: str = Field(min_length=1)
    """An absolute path of a folder, or `s3://bucket/prefix`. Files in its subfolders are read too."""
    column_maps: tuple[Path, ...] = ()
    """Files with column maps of the district's own (TOML), relative to the settings file; they go before ours."""
    time_zone: str = "UTC"
    """Time zone of times of day without one, such as `America/Chicago`."""
    date_formats: tuple[str, ...] = ()
    """Formats of dates that the district's exports have, as `strptime` writes them: `%d.%m.%Y`."""
    id_digits: dict[Literal["district_id", "state_id", "vendor_id"], int] = Field(default_factory=dict)
    """
    How many digits an id has, such as `{ state_id = 10 }`: shorter numbers get the zeros that a spreadsheet took.

    Only texts of digits are changed, and only of ids that are named here.
    """
    refresh_seconds: float = Field(default=60.0, ge=0, le=86_400)
    """Seconds after which the location is listed again to find new files."""
    settle_seconds: float = Field(default=30.0, ge=0, le=3600)
    """
    Seconds for which a file must be unchanged before it is read: until then it may still be written.

    Two listings that show the same size and time are enough, too.
    """
    memory_mb: int = Field(default=1024, ge=1, le=65_536)
    """Maximum memory for all files of this source, in MiB. The newest files come first; others are reported."""
    max_file_mb: int = Field(default=4096, ge=1, le=65_536)
    """Largest file that is read, in MiB, and largest content of an archive once it is unpacked."""
    endpoint: AnyHttpUrl | None = None
    """Address of a server that speaks S3; by default that of Amazon in `region`."""
    region: str = "us-east-1"
    """Region of the bucket."""
    access_key_id: SecretStr | None = None
    """Id of an access key that may list and read the bucket. Without keys the role of this machine is used."""
    secret_access_key: SecretStr | None = None
    """The secret of the access key."""

    @field_validator("location")
    @classmethod
    def _is_folder_or_bucket(cls, text: str) -> str:
        if text.startswith(BUCKET_SCHEME):
            if not text.removeprefix(BUCKET_SCHEME).strip("/"):
                raise ValueError("has no bucket")
        elif "://" in text or not Path(text).is_absolute():
            raise ValueError("use an absolute path, or s3://bucket/prefix")
        return text

    @field_validator("time_zone")
    @classmethod
    def _is_time_zone(cls, text: str) -> str:
        try:
            ZoneInfo(text)
        except (KeyError, OSError, ValueError):
            raise ValueError("there is no such time zone") from None
        return text

    @field_validator("id_digits")
    @classmethod
    def _are_few_digits(cls, digits: dict[str, int]) -> dict[str, int]:
        if not all(1 <= count <= MAX_ID_DIGITS for count in digits.values()):
            raise ValueError(f"an id has 1 to {MAX_ID_DIGITS} digits")
        return digits

    @field_validator("endpoint")
    @classmethod
    def _is_encrypted(cls, endpoint: AnyHttpUrl | None) -> AnyHttpUrl | None:
        if endpoint is not None and endpoint.scheme != "https" and not _is_loopback(endpoint.host or ""):
            raise ValueError("must be https, so that students' records are encrypted")
        return endpoint

    @model_validator(mode="after")
    def _can_be_read(self) -> Self:
        if find_spec("pyarrow") is None:
            raise ValueError(MISSING_EXTRA)
        if (self.access_key_id is None) != (self.secret_access_key is None):
            raise ValueError("access_key_id and secret_access_key belong together")
        return self


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"
