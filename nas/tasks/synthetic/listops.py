"""The listops task: the value of a nested list of operators and digits."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from nas.ranges import check_range
from nas.tasks.generated import GeneratedSettings, GeneratedTask
from nas.tasks.rng import Rng
from nas.tasks.task import IGNORED_TARGET, MOST_TOKENS, Batch

VOCABULARY = (*"0123456789", "[MIN", "[MAX", "[MED", "[SM", "]", "start", "pad")
"""What each token means; digits are their own ids."""

MIN, MAX, MED, SM, END, START, PAD = range(10, 17)

OPERATOR_SHARE = 0.25
"""Chance that an argument is a list itself, as in the Long Range Arena."""

CANDIDATES = 4
"""Lists drawn for each that is used, the longest: by itself the grammar seldom fills the room."""


@dataclass(kw_only=True, slots=True)
class ListopsSettings(GeneratedSettings):
    """How long and how deep the lists are.

    Args:
        name: the task's name, `listops`.
        num_tokens: sequence length n, in tokens, with the start token and the padding.
        max_depth: most operators inside one another, 1 to 10.
        max_arguments: most arguments of an operator, 2 to 10; 2 is the least.
    """

    name: str = "listops"
    num_tokens: int = 64
    max_depth: int = 4
    max_arguments: int = 5

    def __post_init__(self) -> None:
        GeneratedSettings.__post_init__(self)
        check_range("task.num_tokens", self.num_tokens, least=8, most=MOST_TOKENS)
        check_range("task.max_depth", self.max_depth, least=1, most=10)
        check_range("task.max_arguments", self.max_arguments, least=2, most=10)


class ListopsTask(GeneratedTask[ListopsSettings]):
    """ListOps, scored by the share of right values; passes `nas.tasks.task.Task`."""

    name = "listops"
    causal = False
    vocab_size = len(VOCABULARY)
    chance = 0.1

    def __init__(self, settings: ListopsSettings) -> None:
        self.num_tokens = settings.num_tokens
        super().__init__(settings)

    def longer(self, times: int) -> None:
        """None: the grammar, not the room, decides how long a list is."""

    def _draw(self, rng: Rng, batch_size: int) -> Batch:
        return listops_batch(rng, batch_size, self._settings)


def listops_batch(rng: Rng, batch_size: int, settings: ListopsSettings) -> Batch:
    """A batch of lists behind a start token, whose target is the value; padding behind, nothing else is asked.

    The outermost is an operator; each has 2 to `max_arguments` arguments, and each of these is a list with chance
    OPERATOR_SHARE while the depth allows it, else a digit. Lists too long for the room are drawn again, and of
    CANDIDATES that fit the longest is taken (the Long Range Arena sets a least length instead).

    Source: Nangia and Bowman 2018; the grammar and chances of the Long Range Arena (Tay et al. 2021), whose
    `max_depth` counts the digits too and is one more than ours.
    """
    numbers = rng.numbers()
    tokens = np.full((batch_size, settings.num_tokens), PAD, dtype=np.int64)
    targets = np.full_like(tokens, IGNORED_TARGET)
    tokens[:, 0] = START
    for row in range(batch_size):
        drawn, targets[row, 0] = _long_list(numbers, settings)
        tokens[row, 1 : 1 + len(drawn)] = drawn
    return Batch(tokens, targets)


def value_of(operator: int, arguments: list[int]) -> int:
    """The value of a list of digits, 0 to 9; the median of an even number is rounded down."""
    if operator == MIN:
        return min(arguments)
    if operator == MAX:
        return max(arguments)
    if operator == SM:
        return sum(arguments) % 10
    middle = sorted(arguments)[(len(arguments) - 1) // 2 : len(arguments) // 2 + 1]
    return sum(middle) // len(middle)


def _long_list(numbers: Iterator[float], settings: ListopsSettings) -> tuple[list[int], int]:
    """Tokens and value of the longest of the next lists that fit."""
    fitting: list[tuple[list[int], int]] = []
    while len(fitting) < CANDIDATES:
        tokens: list[int] = []
        value = _append_list(tokens, numbers, settings, settings.max_depth)
        if len(tokens) < settings.num_tokens:
            fitting.append((tokens, value))
    return max(fitting, key=lambda candidate: len(candidate[0]))


def _append_list(tokens: list[int], numbers: Iterator[float], settings: ListopsSettings, depth: int) -> int:
    """Put one list behind the tokens and return its value; stops early, with any value, once there are too many."""
    operator = MIN + _pick(numbers, 4)
    tokens.append(operator)
    arguments: list[int] = []
    for _ in range(2 + _pick(numbers, settings.max_arguments - 1)):
        if len(tokens) >= settings.num_tokens:
            return 0
        if depth > 1 and next(numbers) < OPERATOR_SHARE:
            arguments.append(_append_list(tokens, numbers, settings, depth - 1))
        else:
            arguments.append(_pick(numbers, 10))
            tokens.append(arguments[-1])
    tokens.append(END)
    return value_of(operator, arguments)


def _pick(numbers: Iterator[float], bound: int) -> int:
    return int(next(numbers) * bound)
