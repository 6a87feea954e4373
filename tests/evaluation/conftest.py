import pytest

from nas.patterns.file import load_pattern
from nas.proxy.member import Member
from nas.proxy.settings import ProxySettings, TrainingSettings
from nas.tasks.synthetic.recall import RecallSettings, RecallTask
from tests.one_thread import one_thread as one_thread


@pytest.fixture(scope="session")
def task() -> RecallTask:
    return RecallTask(RecallSettings(num_tokens=16, vocab_size=16, num_pairs=2, validation_sequences=64))


@pytest.fixture
def proxy() -> ProxySettings:
    return ProxySettings(num_layers=1, num_heads=2, d_model=8, mlp_ratio=2, token_shift=True)


@pytest.fixture
def training() -> TrainingSettings:
    """Rungs at 6 and 12 steps, to which branches leave the trunk after 4 and 9."""
    return TrainingSettings(num_steps=12, num_rungs=2, batch_size=4, warmup_steps=2, cooldown_share=0.25)


@pytest.fixture
def members() -> tuple[Member, ...]:
    """Three members with windows of their own."""
    return tuple(
        Member(
            pattern=load_pattern(
                {
                    "schema": "nas.pattern/1",
                    "causal": True,
                    "layers": [{"heads": [{"count": 2, "attend": [{"kind": "window", "before": before}]}]}],
                }
            ),
            seed=before,
            learning_rate=1e-2,
        )
        for before in (2, 5, 15)
    )
