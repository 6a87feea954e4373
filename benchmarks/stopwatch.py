"""Where the CPU time of a process goes, by part."""

import os
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import wraps
from typing import Any
from unittest import mock

Parts = Mapping[str, tuple[tuple[Any, tuple[str, ...]], ...]]
"""What is timed, by part: methods of classes, or functions of modules."""


@dataclass
class Stopwatch:
    """CPU seconds by part, each without the parts that it calls.

    Args:
        parts: what is timed.
        seconds: what each part has taken, in seconds; `rest` is everything else.
        fsyncs: how often a file or folder was synchronised to disk.
    """

    parts: Parts
    seconds: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    fsyncs: int = 0
    _parts: list[str] = field(default_factory=lambda: ["rest"])
    _since: float = field(default_factory=time.process_time)

    def enter(self, part: str) -> None:
        """From now on, time counts for this part."""
        self._book()
        self._parts.append(part)

    def leave(self) -> None:
        """From now on, time counts for the part that called."""
        self._book()
        self._parts.pop()

    def _book(self) -> None:
        now = time.process_time()
        self.seconds[self._parts[-1]] += now - self._since
        self._since = now

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Times the calls of every part, and counts what is synchronised to disk."""
        fsync = os.fsync

        def counted(descriptor: int) -> None:
            self.fsyncs += 1
            fsync(descriptor)

        with ExitStack() as patches:
            patches.enter_context(mock.patch.object(os, "fsync", counted))
            for part, places in self.parts.items():
                for owner, names in places:
                    for name in names:
                        timed = self._timed(part, getattr(owner, name))
                        patches.enter_context(mock.patch.object(owner, name, timed))
            self.enter("rest")
            yield
            self.leave()

    def _timed(self, part: str, call: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(call)  # Lightning looks at signatures
        def timed(*args: Any, **kwargs: Any) -> Any:
            self.enter(part)
            try:
                return call(*args, **kwargs)
            finally:
                self.leave()

        return timed
