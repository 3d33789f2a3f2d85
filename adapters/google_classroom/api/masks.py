"""The `fields` parameter of requests: the properties that a payload model declares, and no others."""

from __future__ import annotations

from functools import cache
from types import UnionType
from typing import Any, Union, get_args, get_origin

from student_graph.adapters.reading import Payload


@cache
def field_mask(model: type[Payload]) -> str:
    """
    The properties of a model as a partial response's mask, such as `id,profile(emailAddress,id)`.

    https://developers.google.com/workspace/classroom/guides/performance describes the form.
    """
    parts = []
    for name, field in model.model_fields.items():
        nested = _payload_in(field.annotation)
        parts.append(name if nested is None else f"{name}({field_mask(nested)})")
    return ",".join(parts)


def _payload_in(annotation: Any) -> type[Payload] | None:
    """The payload model in an annotation, such as that of the elements of a list; None if there is none."""
    if isinstance(annotation, type) and issubclass(annotation, Payload):
        return annotation
    if get_origin(annotation) in (list, Union, UnionType):
        return next((model for part in get_args(annotation) if (model := _payload_in(part))), None)
    return None
