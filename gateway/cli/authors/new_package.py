"""`student-graph adapters new`: writes the package of an adapter, which passes the conformance suite at once."""

from __future__ import annotations

import argparse
import importlib.util
import keyword
import re
from importlib.metadata import version
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from student_graph.adapters.registry import SettingsError, adapter_kinds
from student_graph.gateway.cli.parser import Parser

STARTER = "student_graph.adapters.starter"
"""The package that is copied under the new name."""
_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_MAX_NAME_CHARACTERS = 40


def add_options(command: Parser) -> None:
    """Add the options of the command."""
    command.add_argument("name", metavar="NAME", help="name of the vendor and of the package, such as hill_sis")
    command.add_argument(
        "--dir", type=Path, dest="folder", metavar="DIR", help="the new folder; by default NAME in this one"
    )
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Write the package, and print what to do next."""
    name, folder = options.name, options.folder or Path(options.name)
    write_package(name, folder)
    print(f"{folder}: an adapter for an invented vendor. Replace what is invented, the sandbox first. Try it:")
    print(f"  cd {folder}\n  pip install -e '.[testing]'\n  pytest")
    return 0


def write_package(name: str, folder: Path) -> None:
    """
    Write the package of an adapter into a new or empty folder.

    Raises:
        SettingsError: the name is not valid for a package or already used, or the folder cannot be written.
    """
    _check_name(name)
    try:
        if folder.exists() and any(folder.iterdir()):
            raise SettingsError(f"--dir: {folder} is not empty; nothing is overwritten")
        for path, text in package_files(name).items():
            file = folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
    except OSError as exc:
        raise SettingsError(f"--dir: {folder}: {exc.strerror}") from None


def package_files(name: str) -> dict[str, str]:
    """The files of a new package by their path in its folder."""
    starter = files(STARTER)
    code = {f"{name}/{file.name}": _renamed(file, name) for file in starter.iterdir() if file.name.endswith(".py")}
    return {
        "pyproject.toml": _renamed(starter / "package" / "pyproject.toml.template", name),
        "README.md": _renamed(starter / "README.md", name),
        **dict(sorted(code.items())),
        f"{name}/py.typed": "",
        "tests/test_conformance.py": _renamed(starter / "package" / "test_conformance.py.template", name),
    }


def class_name(name: str) -> str:
    """The name of the class of a package: `HillSis` for `hill_sis`."""
    return "".join(map(str.capitalize, name.split("_")))


def _renamed(file: Traversable, name: str) -> str:
    """The text of a file of the starter with the new name."""
    text = file.read_text(encoding="utf-8").replace(f"from {STARTER} ", f"\nfrom {name} ")
    text = text.replace("KIT_VERSION", version("student-graph"))
    header = "-".join(map(str.capitalize, name.split("_")))
    return (
        text.replace("X-Starter-Key", f"X-{header}-Key")
        .replace("Starter", class_name(name))
        .replace("starter", name)
    )


def _check_name(name: str) -> None:
    """
    Check the name of a new package.

    Raises:
        SettingsError: it cannot be a package's, or another adapter or package has it.
    """
    if not _NAME.fullmatch(name) or keyword.iskeyword(name) or len(name) > _MAX_NAME_CHARACTERS:
        raise SettingsError(
            f"NAME: {name!r} cannot be the name of a package; use lower-case letters, digits and single "
            f"underscores, such as hill_sis, and at most {_MAX_NAME_CHARACTERS} characters"
        )
    if name in adapter_kinds():
        raise SettingsError(f"NAME: there is an adapter {name!r} already; give the new one another name")
    if importlib.util.find_spec(name) is not None:
        raise SettingsError(f"NAME: there is a package {name!r} already, which would hide the new one")
