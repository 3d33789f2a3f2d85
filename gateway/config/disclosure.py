"""The settings of the record of disclosures."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from student_graph.gateway.config.sections import Section


class DisclosureStoreConfig(Section):
    """A bucket with object lock, to which closed files of the record are copied."""

    bucket: str = Field(min_length=3, max_length=255)
    """Name of the bucket; it must have object lock."""
    retain_days: int = Field(ge=1, le=36_500)
    """Days for which nobody can delete or replace a copy."""
    mode: Literal["COMPLIANCE", "GOVERNANCE"] = "COMPLIANCE"
    """Whether nobody at all can delete a copy, or who has the store's special permission can."""
    prefix: str = "disclosures/"
    """Put before each file's name."""
    endpoint: str | None = Field(default=None, pattern=r"^https://|^http://(127\.0\.0\.1|localhost)[:/]")
    """Address of a store other than Amazon's."""
    region: str | None = Field(default=None, min_length=1)
    """Region of the bucket; the machine's own if left out."""
    key_id_env: str | None = Field(default=None, min_length=1)
    """Name of the environment variable with the id of the access key; the machine's role if left out."""
    secret_key_env: str | None = Field(default=None, min_length=1)
    """Name of the environment variable with the secret access key."""
    every_minutes: int = Field(default=60, ge=1, le=24 * 60)
    """Minutes after which a process continues in a new file, so that the old one can be copied."""

    @model_validator(mode="after")
    def _keys_come_together(self) -> Self:
        if (self.key_id_env is None) != (self.secret_key_env is None):
            raise ValueError("key_id_env and secret_key_env: name both, or none to use the machine's role")
        return self


class DisclosureConfig(Section):
    """The record of disclosures: who saw which students' data."""

    directory: Path = Path("disclosures")
    """Folder of the record, relative to the settings file; only its owner can read it."""
    key_env: str | None = Field(default=None, min_length=1)
    """Name of the environment variable with the key of pseudonyms and signatures, 32 bytes in Base64."""
    stdout: Literal["nothing", "lines", "otlp"] = "nothing"
    """What is also printed: nothing, the same lines, or log records that the OpenTelemetry Collector reads."""
    file_mib: int = Field(default=256, ge=1)
    """MiB after which a process continues in a new file; it also does so on each new day (UTC)."""
    store: DisclosureStoreConfig | None = None
    """Where closed files are copied; they stay in the folder, too."""
