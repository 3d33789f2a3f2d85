"""Reads a schema to compare with: a file, or `schema.graphql` of a revision of a Git repository."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from graphql import GraphQLError, GraphQLSchema, build_schema

from student_graph.adapters.registry import SettingsError
from student_graph.gateway.cli.schema.text_files import read_text

GIT_SECONDS = 60
SCHEMA_FILE = "schema.graphql"


def read_schema(reference: str) -> GraphQLSchema:
    """
    Return the schema in a file, or in `schema.graphql` at the root of the current repository in a Git revision.

    Raises:
        SettingsError: there is no such file or revision, or it holds no schema.
    """
    text = read_text("--check", Path(reference)) if Path(reference).is_file() else _git_text(reference)
    try:
        return build_schema(text)
    except (GraphQLError, TypeError) as exc:
        raise SettingsError(f"--check {reference}: not a schema: {str(exc).splitlines()[0]}") from None


def _git_text(revision: str) -> str:
    git = shutil.which("git")
    if git is None:
        raise SettingsError(f"--check {revision}: no such file, and git was not found to read it as a revision")
    result = subprocess.run(  # noqa: S603 - no shell, and git takes the revision as no option
        [git, "show", "--end-of-options", f"{revision}:{SCHEMA_FILE}"],
        capture_output=True,
        timeout=GIT_SECONDS,
        check=False,
    )
    if result.returncode != 0:
        reason = result.stderr.decode(errors="replace").strip().splitlines()
        message = (
            f"no such file, and no revision with {SCHEMA_FILE}: git says: {reason[0] if reason else 'nothing'}"
        )
        raise SettingsError(f"--check {revision}: {message}")
    return result.stdout.decode(errors="replace")
