"""
An object store with the interface of S3, where copies of the log's files cannot be changed before their time.

The bucket needs object lock (https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html): each copy is
written with a day until which nobody can delete or replace it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, BinaryIO, Literal, Protocol

CONNECT_SECONDS, READ_SECONDS = 5, 30
"""How long the store may take to answer. Short, so that a process that ends does not wait for it."""
EXISTS = frozenset({"PreconditionFailed", "ConditionalRequestConflict"})
"""Codes of the store for an object that exists already, or that another process is writing at the moment."""
NO_LOCK = "ObjectLockConfigurationNotFoundError"
ADVICE_BY_CODE = {
    "AccessDenied": ": allow its key s3:GetBucketObjectLockConfiguration",
    "AuthorizationHeaderMalformed": ": set disclosure.store.region to the region of the bucket",
    "IllegalLocationConstraintException": ": set disclosure.store.region to the region of the bucket",
    "InvalidAccessKeyId": ": correct the id in the variable of disclosure.store.key_id_env",
    "PermanentRedirect": ": set disclosure.store.region to the region of the bucket",
    "SignatureDoesNotMatch": ": correct the key in the variable of disclosure.store.secret_key_env",
}
"""What to change if the bucket cannot be read, by the store's code."""


class StoreError(Exception):
    """
    The store refused or did not answer.

    The text is the store's code or the kind of failure, never the store's own text.
    """


class ObjectStore(Protocol):
    """Where copies of files go."""

    def names(self) -> Iterator[str]:
        """
        Names of the files in the store.

        Raises:
            StoreError: they cannot be listed.
        """

    def put(self, name: str, content: BinaryIO) -> None:
        """
        Write a file, unless it is there already.

        Raises:
            StoreError: it was not written.
        """


@dataclass(frozen=True, slots=True)
class S3Settings:
    """Where the copies are, and how long they stay."""

    bucket: str
    prefix: str
    """Prefix of each file's name."""
    retain: timedelta
    """How long nobody can delete or replace a copy."""
    mode: Literal["COMPLIANCE", "GOVERNANCE"]
    """`COMPLIANCE`: nobody can. `GOVERNANCE`: only users with a special permission of the store can."""
    endpoint: str | None = None
    """Address of the store; None for Amazon's."""
    region: str | None = None
    """Region of the bucket; None for that of the machine."""
    key_id: str | None = None
    """Id of the access key; None for the role of the machine."""
    secret_key: str | None = None


class S3Store:
    """A bucket."""

    def __init__(self, settings: S3Settings) -> None:
        """
        Connect to a bucket; nothing is sent yet.

        Raises:
            ImportError: the package of the store's client is not installed.
            StoreError: the settings lack something, such as the region.
        """
        # Only a gateway with a store needs the package, which takes 30 MB of memory.
        import boto3  # noqa: PLC0415 - an extra
        from botocore.config import Config  # noqa: PLC0415 - an extra
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - an extra

        self._settings = settings
        self._errors = (ClientError, BotoCoreError)
        config = Config(
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            retries={"total_max_attempts": 1},  # the next minute tries again
        )
        try:
            self._client: Any = boto3.session.Session().client(
                "s3",
                endpoint_url=settings.endpoint,
                region_name=settings.region,
                aws_access_key_id=settings.key_id,
                aws_secret_access_key=settings.secret_key,
                config=config,
            )
        except (*self._errors, ValueError) as exc:
            raise StoreError(_code(exc)) from None

    def names(self) -> Iterator[str]:
        """
        Names of the files that are there, without the prefix.

        Raises:
            StoreError: they cannot be listed.
        """
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._settings.bucket, Prefix=self._settings.prefix
        )
        try:
            for page in pages:
                for content in page.get("Contents", ()):
                    yield content["Key"].removeprefix(self._settings.prefix)
        except self._errors as exc:
            raise StoreError(_code(exc)) from None

    def put(self, name: str, content: BinaryIO) -> None:
        """
        Write a file that stays until its time, unless it is there already.

        Raises:
            StoreError: it was not written.
        """
        settings = self._settings
        try:
            self._client.put_object(
                Bucket=settings.bucket,
                Key=settings.prefix + name,
                Body=content,
                ChecksumAlgorithm="SHA256",  # an object with a lock needs one
                IfNoneMatch="*",
                ObjectLockMode=settings.mode,
                ObjectLockRetainUntilDate=datetime.now(UTC) + settings.retain,
            )
        except self._errors as exc:
            code = _code(exc)
            if code not in EXISTS:
                raise StoreError(code) from None

    def check(self) -> None:
        """
        Check that the bucket is there, has object lock, and can be listed, as the gateway does before it copies.

        Raises:
            StoreError: it has not; the text says what to change.
        """
        bucket = self._settings.bucket
        try:
            self._client.get_object_lock_configuration(Bucket=bucket)
        except self._errors as exc:
            code = _code(exc)
            if code == NO_LOCK:
                raise StoreError(f"bucket {bucket} has no object lock: create it with object lock") from None
            advice = ADVICE_BY_CODE.get(code, "")
            raise StoreError(f"bucket {bucket} cannot be read ({code}){advice}") from None
        try:
            next(self.names(), None)
        except StoreError as exc:
            raise StoreError(f"bucket {bucket} cannot be listed ({exc}): allow its key s3:ListBucket") from None


def _code(exc: Exception) -> str:
    """The store's error code, or the kind of failure if it did not answer."""
    response: dict[str, Any] = getattr(exc, "response", None) or {}  # an error of the network has None
    return str(response.get("Error", {}).get("Code") or type(exc).__name__)
