"""`student-graph completion`: the completion of commands and options, as a script for a shell."""

from __future__ import annotations

import argparse
import textwrap

from student_graph.gateway.cli.parser import Commands

SHELLS = ("bash", "zsh", "fish", "tcsh", "powershell")
DESCRIPTION = (
    "Print a script with which a shell completes commands, options and files. The shell reads it once, and then "
    "completes without starting this command."
)
EPILOG = """\
examples:
  student-graph completion bash > ~/.local/share/bash-completion/completions/student-graph
  student-graph completion zsh > ~/.zfunc/_student-graph    # a folder of $fpath
  student-graph completion fish > ~/.config/fish/completions/student-graph.fish
"""


def add_command(commands: Commands) -> None:
    """Add `completion` to the command line."""
    command = commands.add_parser(
        "completion",
        description=textwrap.fill(DESCRIPTION),
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("shell", choices=SHELLS, help="the shell that reads the script")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the script."""
    # All commands are imported to know their options, and only here.
    import shtab  # noqa: PLC0415

    from student_graph.gateway.cli.main import complete_parser  # noqa: PLC0415

    parser = complete_parser()
    _complete_files(parser, shtab.FILE)
    print(shtab.complete(parser, options.shell))
    return 0


def _complete_files(parser: argparse.ArgumentParser, completion: object) -> None:
    """Let options that name a file or folder, and those of the subcommands, be completed by file names."""
    for action in parser._actions:  # noqa: SLF001 - argparse has no public list of them
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001 - argparse has no public name for it
            for command in action.choices.values():
                _complete_files(command, completion)
        elif action.metavar in {"FILE", "DIR", "QUERY"}:
            action.complete = completion  # type: ignore[attr-defined] # where shtab looks for it
