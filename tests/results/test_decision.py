"""A decision is a line of JSON, read strictly."""

import msgspec
import pytest

from nas.results.codec import DamagedError, from_json
from nas.results.decision import Decision

DECISION = Decision(past="0f" * 16, trials=(3, 1), agreements=(0.1 + 0.2, None))


def test_a_line_comes_back_to_the_last_digit() -> None:
    assert from_json(msgspec.json.encode(DECISION), Decision) == DECISION


@pytest.mark.parametrize("text", ["{}", '{"past": 3, "trials": []}', '{"past": "", "trials": [1.5]}', '{"past": ""'])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(DamagedError):
        from_json(text, Decision)
