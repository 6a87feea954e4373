"""Printing a front: a table on a terminal, plain lines anywhere else."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console

from nas.report.front_table import front_lines, front_table


def print_front(front: Mapping[str, Any]) -> None:
    """Print the front to the standard output."""
    console = Console()
    if console.is_terminal:
        console.print(front_table(front))
    else:
        print("\n".join(front_lines(front)))
