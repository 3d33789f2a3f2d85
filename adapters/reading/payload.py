"""The base of payload models: JSON objects of a vendor, of which only declared properties are read."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

MAX_TEXT_CHARACTERS = 4096
"""Maximum length of one text in a payload model: no name or title in a school is longer."""


class Payload(BaseModel):
    """A JSON object of a vendor's API; properties that are not declared are ignored."""

    model_config = ConfigDict(
        frozen=True,
        extra="ignore",
        hide_input_in_errors=True,
        str_max_length=MAX_TEXT_CHARACTERS,
        allow_inf_nan=False,  # pydantic would read the text "NaN" as a number
    )
