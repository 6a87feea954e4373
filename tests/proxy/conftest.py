import random
from collections.abc import Callable

import pytest

from nas.patterns.file import load_pattern
from nas.patterns.model import ModelPattern
from nas.proxy.member import Member
from nas.proxy.network.layout import layout_for
from nas.proxy.settings import ProxySettings, TrainingSettings
from nas.proxy.state.cohort_state import CohortState
from nas.tasks.language.text import TextSettings, TextTask
from tests.one_thread import one_thread as one_thread


def window(before: int) -> dict[str, object]:
    return {"kind": "window", "before": before, "after": 0, "dilation": 1}


def two_layers(*unions: list[dict[str, object]]) -> ModelPattern:
    """One union a layer, the same on both heads."""
    layers = [{"heads": [{"count": 2, "attend": union}]} for union in unions]
    return load_pattern({"schema": "nas.pattern/1", "causal": True, "layers": layers})


PATTERNS = (
    two_layers([{"kind": "full"}], [{"kind": "full"}]),
    two_layers([window(2)], [window(20)]),
    two_layers([window(3), {"kind": "global", "first": 2, "last": 0}], [{"kind": "stride", "every": 4}]),
    two_layers([{"kind": "block", "tokens": 8, "shift": 0}], [window(5)]),
)


@pytest.fixture(scope="session")
def task(tmp_path_factory: pytest.TempPathFactory) -> TextTask:
    words = ["query", "key", "value", "head", "layer", "token", "window", "stride", "block", "column"]
    draw = random.Random(0)
    path = tmp_path_factory.mktemp("corpus") / "text.txt"
    path.write_text(" ".join(draw.choice(words) for _ in range(4000)))
    return TextTask(TextSettings(path=str(path), num_tokens=32, validation_sequences=16))


@pytest.fixture
def proxy() -> ProxySettings:
    return ProxySettings(num_layers=2, num_heads=2, d_model=16, mlp_ratio=2)


@pytest.fixture
def training() -> TrainingSettings:
    """Rungs at 3, 6 and 12 steps, to which branches leave the trunk after 2, 5 and 10."""
    return TrainingSettings(num_steps=12, num_rungs=3, batch_size=4, warmup_steps=2)


@pytest.fixture
def members() -> tuple[Member, ...]:
    """Four patterns, seeds and learning rates."""
    return tuple(
        Member(pattern=pattern, seed=10 + index, learning_rate=4e-3 * (index + 1))
        for index, pattern in enumerate(PATTERNS)
    )


@pytest.fixture
def start(task: TextTask, proxy: ProxySettings) -> Callable[..., CohortState]:
    """The initial state of any members."""
    return lambda *members: CohortState.initial(members, layout_for(members[0].pattern, proxy, task))
