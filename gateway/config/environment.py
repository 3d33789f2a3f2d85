"""Secrets: the settings file names environment variables, and never holds a secret itself."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from pathlib import Path

from student_graph.adapters.registry import SettingsError
from student_graph.gateway.config.access import SETTINGS_ISSUER, grants_by_district
from student_graph.gateway.config.settings_file import Config
from student_graph.resolvers.context import Viewer

KEY_BYTES = 32
MIN_SECRET_CHARACTERS = 32


def viewers_by_token(config: Config, path: Path, environ: Mapping[str, str]) -> dict[str, Viewer]:
    """
    The viewers with fixed tokens, by token.

    Raises:
        SettingsError: a variable is not set, a token is too short, or two viewers have the same token.
    """
    viewers: dict[str, Viewer] = {}
    grants = grants_by_district(config.districts, config.issuers, config.viewers, SETTINGS_ISSUER)
    for index, viewer in enumerate(config.viewers):
        setting = f"{path}: viewers[{index}].token_env"
        token = _required_secret(viewer.token_env, setting, environ)
        if token in viewers:
            raise SettingsError(f"{setting}: another viewer has the same token as the one in {viewer.token_env}")
        viewers[token] = viewer.build(grants)
    return viewers


def webhook_keys(config: Config, path: Path, environ: Mapping[str, str]) -> dict[tuple[str, str], bytes]:
    """
    The keys that sign the vendors' calls to the webhook, by district and source.

    Raises:
        SettingsError: a variable is not set, or a key is too short.
    """
    keys = {}
    for district_index, district in enumerate(config.districts):
        for index, source in enumerate(district.sources):
            if source.hook_env is not None:
                setting = f"{path}: districts[{district_index}].sources[{index}].hook_env"
                keys[district.id, source.name] = _required_secret(source.hook_env, setting, environ).encode()
    return keys


def fleet_key(config: Config, path: Path, environ: Mapping[str, str]) -> bytes:
    """
    The key that encrypts what the gateway keeps in Redis; all processes of a fleet share it.

    Raises:
        SettingsError: the variable is not set, or does not hold 32 bytes in Base64.
    """
    return _required_key(config.cache.key_env or "", f"{path}: cache.key_env", environ)


def disclosure_key(config: Config, path: Path, environ: Mapping[str, str]) -> bytes:
    """
    The key of the record of disclosures.

    Raises:
        SettingsError: no variable is named, it is not set, or it does not hold 32 bytes in Base64.
    """
    if config.disclosure.key_env is None:
        raise SettingsError(
            f"{path}: disclosure.key_env: set it to the name of the variable with the key of the record"
        )
    return _required_key(config.disclosure.key_env, f"{path}: disclosure.key_env", environ)


def _required_key(name: str, setting: str, environ: Mapping[str, str]) -> bytes:
    """
    A key in an environment variable.

    Raises:
        SettingsError: the variable is not set, or does not hold 32 bytes in Base64.
    """
    try:
        key = base64.b64decode(_required_secret(name, setting, environ), validate=True)
    except binascii.Error:
        key = b""
    if len(key) != KEY_BYTES:
        raise SettingsError(
            f"{setting}: {name} must hold {KEY_BYTES} bytes in Base64; "
            f"create them with `openssl rand -base64 {KEY_BYTES}`"
        )
    return key


def redis_password(config: Config, path: Path, environ: Mapping[str, str]) -> str | None:
    """
    The password of Redis; None if the settings name no variable for it.

    Raises:
        SettingsError: the variable is not set.
    """
    name = config.cache.redis_password_env
    if name is None:
        return None
    if not environ.get(name):
        raise SettingsError(f"{path}: cache.redis_password_env: the environment variable {name} is not set")
    return environ[name]


def _required_secret(name: str, setting: str, environ: Mapping[str, str]) -> str:
    """
    A secret in an environment variable.

    Raises:
        SettingsError: the variable is not set, or the secret is too short.
    """
    secret = environ.get(name, "")
    if not secret:
        raise SettingsError(f"{setting}: the environment variable {name} is not set")
    if len(secret) < MIN_SECRET_CHARACTERS:
        raise SettingsError(f"{setting}: the secret in {name} is shorter than {MIN_SECRET_CHARACTERS} characters")
    return secret
