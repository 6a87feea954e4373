import json
from dataclasses import replace
from pathlib import Path

import pytest

from nas.config.folder import choices
from nas.config.target import load_target
from nas.costs.native import native_pattern
from nas.errors import InputError
from tests.published_configs import PUBLISHED


@pytest.mark.parametrize("name", choices("target"))
def test_shipped_targets_load_by_name(name: str) -> None:
    target = load_target(name)
    assert (target is None) == (name == "proxy")
    assert target is None or (target.name, target.num_tokens) == (name, 8192 if name.endswith("-8k") else 32768)
    assert target is None or native_pattern(target).num_layers == target.num_layers


def test_an_unknown_target_is_refused_with_the_nearest() -> None:
    with pytest.raises(InputError, match=r"Did you mean 'llama-3-8b-32k'"):
        load_target("llama-3-8b")


def test_the_path_of_a_config_is_read(tmp_path: Path) -> None:
    file = tmp_path / "mine" / "config.json"
    file.parent.mkdir()
    file.write_text(json.dumps(PUBLISHED["smollm2-135m-8k"]))
    shipped = load_target("smollm2-135m-8k")
    assert shipped is not None
    assert load_target(str(file)) == replace(shipped, name="mine", native_windows=[None] * 30)
