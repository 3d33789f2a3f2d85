"""What a check of the store of the record says to change."""

from __future__ import annotations

import re
from unittest import mock

import pytest

from student_graph.gateway.disclosure.store import StoreError
from tests.gateway.disclosure.test_shipping import store_of
from tests.subcases import subcases


@subcases(
    ("operation", "code", "problem"),
    [
        ("get_paginator", "AccessDenied", "cannot be listed (AccessDenied): allow its key s3:ListBucket"),
        ("get_object_lock_configuration", "PermanentRedirect", "(PermanentRedirect): set disclosure.store.region"),
        ("get_object_lock_configuration", "InvalidAccessKeyId", "variable of disclosure.store.key_id_env"),
    ],
)
def test_a_check_says_what_to_change(operation: str, code: str, problem: str) -> None:
    """Also if the bucket has object lock, and its key may not list it: then nothing would be copied."""
    from botocore.exceptions import ClientError  # noqa: PLC0415 - slow to import, and few processes need it

    denying = store_of("http://127.0.0.1:9")
    denying._client = mock.MagicMock()
    error = ClientError({"Error": {"Code": code}}, operation)
    if operation == "get_paginator":
        denying._client.get_paginator.return_value.paginate.return_value.__iter__.side_effect = error
    else:
        denying._client.get_object_lock_configuration.side_effect = error
    with pytest.raises(StoreError, match=re.escape(problem)):
        denying.check()
