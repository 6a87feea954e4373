"""`nas`: dispatch to a command, with errors as one line and an exit code."""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from signal import SIGINT, pthread_kill
from textwrap import fill
from threading import Event, Thread, main_thread
from time import sleep

from nas.cli import (
    carry,
    compare,
    cost,
    dashboard,
    doctor,
    draw,
    export,
    front,
    list_studies,
    report,
    search,
    serve,
    show,
    sync,
    table,
    track,
    verify,
    wandb_workspace,
)
from nas.cli.completion import completion_verb
from nas.cli.verb import HELP_WIDTH, INTERRUPTED, USER_ERROR, Verb
from nas.errors import NasError, printable

MOST_LETTERS = 3000
"""Longest error: arguments that are quoted can be as long as a shell allows."""

_GROUPS = {
    "search": (search, list_studies, serve),
    "look at what came out": (show, report, compare, front),
    "use a pattern": (export, verify, draw, cost, carry),
    "share studies": (track, wandb_workspace, dashboard, sync),
    "more": (table, doctor),
}
"""Commands by what a user wants, in the order in which they are met."""
VERBS: dict[str, Verb] = {module.VERB.name: module.VERB for group in _GROUPS.values() for module in group}
"""Every command by its name, in that order."""
VERBS["completion"] = completion_verb(VERBS)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        argv: the words after `nas`; None for those of the process.

    Returns:
        the exit code: 0; 2 for an error that the user can fix; 130 for Ctrl-C. Bugs are not caught, as a report of
            one needs its traceback.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        with _no_interrupt_lost():
            code = _run(words)
        sys.stdout.flush()
        return code
    except NasError as error:
        return _refused(str(error))
    except PermissionError as error:  # refused by the system, anywhere
        return _refused(f"{error.filename}: must be accessible to this user, got {error.strerror!r}.")
    except MemoryError as error:
        wanted = f" ({error})" if str(error) else ""
        return _refused(
            f"{words[0]}: must fit into this machine's memory, which was used up{wanted}. Name a smaller input, or "
            "fewer tokens."
        )
    except KeyboardInterrupt:
        print("nas: interrupted.", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        _forget_stdout()
        return 0


def help_text() -> str:
    """The text that `nas --help` prints."""
    groups = {heading: [module.VERB for module in modules] for heading, modules in _GROUPS.items()}
    groups["more"].append(VERBS["completion"])
    verbs = "\n\n".join("\n".join([f"{heading}:", *map(_summary, group)]) for heading, group in groups.items())
    return (
        "usage: nas COMMAND ...\n\n"
        "Searches attention sparsity patterns: quality against FLOPs and memory.\n\n"
        f"{verbs}\n\n"
        "Options and examples of a command: nas COMMAND --help\n"
        "Start with: nas search preset=smoke (a first try, a minute)\n"
    )


def _summary(verb: Verb) -> str:
    """A command with what it does, wrapped below itself."""
    width = max(map(len, VERBS))
    first, gap = f"  {verb.name:<{width}}  ", " " * (width + 4)
    return fill(verb.summary, HELP_WIDTH, initial_indent=first, subsequent_indent=gap, break_on_hyphens=False)


def _refused(message: str) -> int:
    """Print an error as one line, whatever it quotes, and of a long one the start."""
    line = printable(" ".join(message.split()))
    print(f"nas: error: {line if len(line) <= MOST_LETTERS else line[:MOST_LETTERS] + '...'}", file=sys.stderr)
    return USER_ERROR


def _run(words: list[str]) -> int:
    if words[:1] in ([], ["-h"], ["--help"]):
        print(help_text(), end="")
        return 0
    if words[0] == "--version":
        from importlib.metadata import version

        print(f"nas {version('nas-attention')}")
        return 0
    if words[0] not in VERBS:
        near = get_close_matches(words[0], [*VERBS, "--help", "--version"], n=1)
        remedy = f"Did you mean nas {near[0]}?" if near else "See nas --help."
        raise NasError(f"nas: must be followed by one of {', '.join(VERBS)}, got {words[0]!r}. {remedy}")
    return VERBS[words[0]].run(words[1:])


@contextmanager
def _no_interrupt_lost() -> Iterator[None]:
    """Repeat a Ctrl-C that came while Python ran a finaliser or the callback of a weak reference, and was discarded.

    Importing torch and Lightning runs many of them. Repeated at once, it would be discarded again, within the hook.
    """
    before = sys.unraisablehook

    def hook(discarded: "sys.UnraisableHookArgs", /) -> None:
        if issubclass(discarded.exc_type, KeyboardInterrupt):
            left = Event()
            Thread(target=_interrupt_again, args=(left,), daemon=True).start()
            left.set()  # on a busy machine the thread may be far ahead of this line
        else:
            before(discarded)

    sys.unraisablehook = hook
    try:
        yield
    finally:
        sys.unraisablehook = before


def _interrupt_again(left: Event) -> None:
    """Ctrl-C for the main thread, once it has left the hook."""
    left.wait()
    sleep(0.1)
    pthread_kill(main_thread().ident or 0, SIGINT)


def _forget_stdout() -> None:
    """The reader of our output has gone, as `head` does; without this, Python would report it again at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    sys.exit(main())
