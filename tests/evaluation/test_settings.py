import pytest

from nas.errors import InputError
from nas.evaluation.settings import CheckpointSettings, EvaluationSettings, ScratchSettings
from nas.proxy.settings import TrainingSettings

LADDER = TrainingSettings(num_steps=40, num_rungs=3)


@pytest.mark.parametrize(
    ("evaluation", "trains", "rungs"),
    [
        (ScratchSettings(), True, (10, 20, 40)),
        (CheckpointSettings(weights="lora"), True, (10, 20, 40)),
        (CheckpointSettings(weights="frozen"), False, (1,)),
    ],
)
def test_what_is_trained_and_where_it_is_scored(
    evaluation: EvaluationSettings, trains: bool, rungs: tuple[int, ...]
) -> None:
    assert evaluation.trains is trains
    assert evaluation.rungs(LADDER) == rungs


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"weights": "warm"}, r"evaluation\.weights: unknown way; allowed: frozen, lora, got 'warm'"),
        ({"lora_rank": 0}, r"evaluation\.lora_rank: must be 1 or more, got 0"),
        ({"needle_sequences": 0}, r"evaluation\.needle_sequences: must be 1 or more, got 0"),
        ({"cost_tokens": 0}, r"evaluation\.cost_tokens: must be a whole number from 1 to"),
        (
            {"needle_depths": [1.1]},
            r"evaluation\.needle_depths: must be numbers from 0 to 1, a hundredth or more",
        ),
        ({"needle_depths": [0.5, 0.501]}, r"evaluation\.needle_depths: must be numbers from 0 to 1"),
    ],
)
def test_what_cannot_be_is_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=f"^{message}"):
        CheckpointSettings(**changes)  # type: ignore[arg-type]
