import pytest

from nas.config.folder import choices
from nas.config.target import load_target
from nas.errors import InputError


@pytest.mark.parametrize("name", choices("target"))
def test_shipped_targets_load_by_name(name: str) -> None:
    target = load_target(name)
    assert (target is None) == (name == "proxy")
    assert target is None or (target.name, target.num_tokens) == (name, 32768)


def test_an_unknown_target_is_refused_with_the_nearest() -> None:
    with pytest.raises(InputError, match=r"Did you mean 'llama-3-8b-32k'"):
        load_target("llama-3-8b")
