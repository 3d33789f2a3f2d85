"""The secrets that settings name: they stand in the environment, never in the file."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from pathlib import Path

from student_graph.adapters.registry import SettingsError
from student_graph.gateway.config.access import given
from student_graph.gateway.config.settings_file import Config
from student_graph.resolvers.context import Viewer


def tokens(config: Config, path: Path, environ: Mapping[str, str]) -> dict[str, Viewer]:
    """
    Viewers by token.

    Raises:
        SettingsError: a variable is not set, too short to be a secret, or two viewers share a token.
    """
    found: dict[str, Viewer] = {}
    gifts = given(config.districts)
    for place, viewer in enumerate(config.viewers):
        setting = f"{path}: viewers[{place}].token_env"
        token = _secret(viewer.token_env, setting, environ)
        if token in found:
            raise SettingsError(f"{setting}: the token in {viewer.token_env} is another viewer's too")
        found[token] = viewer.made(gifts)
    return found


def hooks(config: Config, path: Path, environ: Mapping[str, str]) -> dict[tuple[str, str], bytes]:
    """
    Keys of the sources' hooks, by district and source.

    Raises:
        SettingsError: a variable is not set, or too short to be a secret.
    """
    found = {}
    for place, district in enumerate(config.districts):
        for number, source in enumerate(district.sources):
            if source.hook_env is not None:
                setting = f"{path}: districts[{place}].sources[{number}].hook_env"
                found[district.id, source.name] = _secret(source.hook_env, setting, environ).encode()
    return found


def fleet_key(config: Config, path: Path, environ: Mapping[str, str]) -> bytes:
    """
    The key that a fleet shares.

    Raises:
        SettingsError: the variable is not set, or holds something else.
    """
    return _key(config.cache.key_env or "", f"{path}: cache.key_env", environ)


def disclosure_key(config: Config, path: Path, environ: Mapping[str, str]) -> bytes:
    """
    The key of the record of disclosures.

    Raises:
        SettingsError: it is not named, the variable is not set, or holds something else.
    """
    if config.disclosure.key_env is None:
        raise SettingsError(
            f"{path}: disclosure.key_env: name the variable with the key of the record of disclosures"
        )
    return _key(config.disclosure.key_env, f"{path}: disclosure.key_env", environ)


def _key(name: str, setting: str, environ: Mapping[str, str]) -> bytes:
    try:
        key = base64.b64decode(_secret(name, setting, environ), validate=True)
    except binascii.Error:
        key = b""
    if len(key) != 32:
        raise SettingsError(
            f"{setting}: {name} must hold 32 bytes in Base64, as `openssl rand -base64 32` makes them"
        )
    return key


def redis_password(config: Config, path: Path, environ: Mapping[str, str]) -> str | None:
    """
    The password of the fleet's Redis; None when it has none.

    Raises:
        SettingsError: the variable is not set.
    """
    name = config.cache.redis_password_env
    if name is None:
        return None
    if not environ.get(name):
        raise SettingsError(f"{path}: cache.redis_password_env: the environment variable {name} is not set")
    return environ[name]


def _secret(name: str, setting: str, environ: Mapping[str, str]) -> str:
    """
    A secret of the environment.

    Raises:
        SettingsError: the variable is not set, or too short to be a secret.
    """
    secret = environ.get(name, "")
    if not secret:
        raise SettingsError(f"{setting}: the environment variable {name} is not set")
    if len(secret) < 32:
        raise SettingsError(f"{setting}: the secret in {name} is shorter than 32 characters")
    return secret
