"""`nas completion`: a script by which a shell completes commands, options, studies, baselines and settings."""

import argparse
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping

from nas.cli.verb import Verb, some_path

SHELLS = ("bash", "zsh", "fish")


def completion_verb(verbs: Mapping[str, Verb]) -> Verb:
    """The command that completes these and itself.

    Args:
        verbs: every command by its name, complete by the time it runs.
    """

    def act(args: Namespace) -> int:
        print(completion_script(verbs, args.shell), end="")
        return 0

    return Verb(
        name="completion",
        summary="Print the script by which bash, zsh or fish completes commands, options, studies and settings",
        add_arguments=_add_arguments,
        act=act,
        examples=(
            ("nas completion bash > ~/.local/share/bash-completion/completions/nas", "loaded when needed"),
            ("nas completion zsh > ~/.zfunc/_nas", "with ~/.zfunc in fpath"),
            ("nas completion fish > ~/.config/fish/completions/nas.fish", "found by itself"),
        ),
        notes=lambda: (
            "The script has the commands and settings of this version, so print it again\n"
            "after an update. It starts neither nas nor Python: studies are those of runs/\n"
            "in the current folder. For this bash alone: source <(nas completion bash)"
        ),
    )


def completion_script(verbs: Mapping[str, Verb], shell: str) -> str:
    """The script for a shell, which runs nothing of ours.

    Args:
        verbs: every command by its name.
        shell: one of SHELLS.
    """
    import shtab

    from nas.cli.completed import say_how
    from nas.cli.shell_functions import AFTERWARDS

    parser = ArgumentParser(prog="nas", description="Searches attention sparsity patterns.")
    parser.add_argument("--version", action="version", version="", help="print the version")
    commands = parser.add_subparsers()
    for name, verb in verbs.items():
        own = commands.add_parser(name, help=verb.summary, description=verb.summary)
        verb.add_arguments(own)
        for argument in own._actions:  # shtab reads them too: argparse has no public way to look at them
            say_how(argument, is_folder=argument.metavar in ("DIR", "FOLDER"), is_path=argument.type is some_path)
    return f"{shtab.complete(parser, shell).rstrip()}\n{AFTERWARDS.get(shell, '')}"


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shell", metavar="SHELL", choices=SHELLS, help=", ".join(SHELLS))
