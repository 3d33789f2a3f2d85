"""Secrets: the settings file names environment variables, and never holds a secret itself."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from pathlib import Path

from student_graph.adapters.registry import SettingsError
from student_graph.gateway.config.access import SETTINGS_ISSUER, grants_by_district
from student_graph.gateway.config.problems import Problems
from student_graph.gateway.config.settings_file import Config
from student_graph.gateway.telemetry import TelemetrySettings
from student_graph.resolvers.context import Viewer

KEY_BYTES = 32
HEADER_NAME = re.compile(r"[A-Za-z0-9-]+")
MIN_SECRET_CHARACTERS = 32


def viewers_by_token(config: Config, path: Path, environ: Mapping[str, str]) -> dict[str, Viewer]:
    """
    The viewers with fixed tokens, by token.

    Raises:
        SettingsError: variables are not set, tokens are too short, or two viewers have the same token.
    """
    viewers: dict[str, Viewer] = {}
    problems = Problems()
    grants = grants_by_district(config.districts, config.issuers, config.viewers, SETTINGS_ISSUER)
    for viewer in config.viewers:
        setting = f"{path}: viewer {viewer.subject!r}: token_env"
        with problems.collected():
            token = _required_secret(viewer.token_env, setting, environ)
            if token in viewers:
                problems.add(f"{setting}: another viewer has the same token as the one in {viewer.token_env}")
            viewers[token] = viewer.build(grants)
    problems.raise_all()
    return viewers


def webhook_keys(config: Config, path: Path, environ: Mapping[str, str]) -> dict[tuple[str, str], bytes]:
    """
    The keys that sign the vendors' calls to the webhook, by district and source.

    Raises:
        SettingsError: variables are not set, or keys are too short.
    """
    keys, problems = {}, Problems()
    for district in config.districts:
        for source in district.sources:
            if source.hook_env is not None:
                setting = f"{path}: district {district.id!r}, source {source.name!r}: hook_env"
                with problems.collected():
                    keys[district.id, source.name] = _required_secret(source.hook_env, setting, environ).encode()
    problems.raise_all()
    return keys


def check_secrets(config: Config, path: Path, environ: Mapping[str, str]) -> None:
    """
    Check the secrets that the settings name for the gateway itself.

    Raises:
        SettingsError: variables are not set, or what they hold has another form.
    """
    problems = Problems()
    with problems.collected():
        viewers_by_token(config, path, environ)
    with problems.collected():
        webhook_keys(config, path, environ)
    if config.disclosure.key_env is not None:
        with problems.collected():
            disclosure_key(config, path, environ)
    with problems.collected():
        store_keys(config, path, environ)
    with problems.collected():
        telemetry_settings(config, path, environ)
    if config.cache.redis is not None:
        with problems.collected():
            fleet_key(config, path, environ)
        with problems.collected():
            redis_password(config, path, environ)
    problems.raise_all()


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


def store_keys(config: Config, path: Path, environ: Mapping[str, str]) -> tuple[str | None, str | None]:
    """
    Id and secret of the key for the store of the record of disclosures; None if the settings name no variables.

    Raises:
        SettingsError: a variable is not set.
    """
    store = config.disclosure.store
    if store is None or store.key_id_env is None or store.secret_key_env is None:
        return None, None
    setting = f"{path}: disclosure.store"
    return (
        _required_text(store.key_id_env, f"{setting}.key_id_env", environ),
        _required_text(store.secret_key_env, f"{setting}.secret_key_env", environ),
    )


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
    return None if name is None else _required_text(name, f"{path}: cache.redis_password_env", environ)


def telemetry_settings(config: Config, path: Path, environ: Mapping[str, str]) -> TelemetrySettings:
    """
    What is traced and measured, and who gets it.

    Raises:
        SettingsError: variables are not set, what they hold has another form, or packages are not installed.
    """
    section, problems = config.telemetry, Problems()
    headers: Mapping[str, str] = {}
    token: str | None = None
    with problems.collected():
        if section.headers_env is not None:
            headers = _headers(section.headers_env, f"{path}: telemetry.headers_env", environ)
    with problems.collected():
        if section.metrics_token_env is not None:
            token = _required_secret(section.metrics_token_env, f"{path}: telemetry.metrics_token_env", environ)
    problems.raise_all()
    settings = TelemetrySettings(
        endpoint=section.endpoint,
        headers=headers,
        sample=section.sample,
        caller_decides=section.caller_decides,
        context_to_vendors=section.context_to_vendors,
        metrics=section.metrics,
        metrics_token=token,
        push_seconds=section.push_seconds,
    )
    if (problem := settings.package_problem) is not None:
        raise SettingsError(f"{path}: {problem}")
    return settings


def _headers(name: str, setting: str, environ: Mapping[str, str]) -> dict[str, str]:
    """
    Headers in an environment variable, as `name=value` with commas between them.

    Raises:
        SettingsError: the variable is not set, or has another form.
    """
    text = _required_text(name, setting, environ)
    pairs = [part.partition("=") for part in text.split(",")]
    if not all(
        separator and HEADER_NAME.fullmatch(header.strip()) and value.isascii() and value.isprintable()
        for header, separator, value in pairs
    ):
        raise SettingsError(f"{setting}: {name} must hold headers such as Authorization=Bearer abc,Other=text")
    return {header.strip(): value.strip() for header, _, value in pairs}


def _required_text(name: str, setting: str, environ: Mapping[str, str]) -> str:
    """
    What an environment variable holds; others have made it, so its form is theirs.

    Raises:
        SettingsError: the variable is not set.
    """
    if not environ.get(name):
        raise SettingsError(f"{setting}: the environment variable {name} is not set")
    return environ[name]


def _required_secret(name: str, setting: str, environ: Mapping[str, str]) -> str:
    """
    A secret of the gateway itself in an environment variable.

    Raises:
        SettingsError: the variable is not set, or the secret is too short.
    """
    secret = _required_text(name, setting, environ)
    if len(secret) < MIN_SECRET_CHARACTERS:
        raise SettingsError(f"{setting}: the secret in {name} is shorter than {MIN_SECRET_CHARACTERS} characters")
    return secret
