from pathlib import Path
from typing import Any

import pytest
from omegaconf import OmegaConf

from nas.costs.counting import count_cost
from nas.costs.parameters import target_parameters
from nas.costs.target import Target, proxy_target
from nas.errors import InputError
from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Full, LowRank, Primitive
from nas.proxy.network.layout import layout_for
from nas.proxy.settings import ProxySettings
from nas.tasks.synthetic.recall import RecallSettings, RecallTask

SHIPPED = sorted((Path(__file__).parents[2] / "conf" / "target").glob("*.yaml"))


def read(path: Path) -> Target:
    content: dict[Any, Any] = OmegaConf.to_container(OmegaConf.load(path))  # type: ignore[assignment]
    return Target(**content)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_target_has_the_name_of_its_file(path: Path) -> None:
    assert read(path).name == path.stem


@pytest.mark.parametrize(
    ("name", "published"),
    [
        ("llama-3-8b-32k", 8_030_261_248),
        ("llama-3.1-8b-32k", 8_030_261_248),
        ("llama-3.2-1b-32k", 1_235_814_400),
        ("smollm2-135m-8k", 134_515_008),
        # The checkpoint also holds a bias for every query, key and value feature, which we do not count.
        ("qwen2.5-0.5b-32k", 494_032_768 - 24 * (14 + 2 + 2) * 64),
        # Norms of queries and keys, and Gemma's two further norms a layer, are not counted either.
        ("qwen3-8b-32k", 8_190_735_360 - 36 * 2 * 128),
        ("olmo-3-7b-32k", 7_298_011_136 - 32 * 2 * 4096),
        ("gemma-3-1b-32k", 999_885_952 - 26 * (2 * 1152 + 2 * 256)),
    ],
)
def test_the_dimensions_give_the_published_number_of_parameters(name: str, published: int) -> None:
    (path,) = [path for path in SHIPPED if path.stem == name]
    assert target_parameters(read(path)) == published


def test_the_proxy_is_a_target_of_plain_numbers() -> None:
    target = proxy_target(num_layers=2, num_heads=4, num_tokens=128, d_model=96, mlp_ratio=3, vocab_size=170)
    assert (target.num_kv_heads, target.d_head, target.d_mlp, target.vocab_size) == (4, 24, 288, 170)
    assert proxy_target(num_layers=2, num_heads=8, num_tokens=128).d_model == 128


@pytest.mark.parametrize("sizes", [{}, {"num_layers": 3, "num_heads": 2, "d_model": 48, "mlp_ratio": 2}])
@pytest.mark.parametrize(
    ("attend", "more"),
    [
        (Full(), {}),
        (Full(), {"position": "learned"}),
        (Full(), {"position": "relative"}),
        (LowRank(4), {"causal": False}),
        (LowRank(8, "layers"), {"causal": False}),
    ],
)
def test_the_proxy_has_as_many_parameters_as_are_counted(
    sizes: dict[str, int], attend: Primitive, more: dict[str, Any]
) -> None:
    proxy = ProxySettings(**sizes)  # type: ignore[arg-type]
    task = RecallTask(RecallSettings(num_tokens=32, vocab_size=170, validation_sequences=1))
    pattern = ModelPattern.of([(HeadGroup(proxy.num_heads, (attend,)),)] * proxy.num_layers, **more)
    target = proxy_target(
        num_layers=proxy.num_layers,
        num_heads=proxy.num_heads,
        num_tokens=32,
        d_model=proxy.d_model,
        mlp_ratio=proxy.mlp_ratio,
        vocab_size=170,
    )
    assert count_cost(pattern, target).num_parameters == layout_for(pattern, proxy, task).num_parameters


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"num_kv_heads": 3}, r"target.num_kv_heads: must divide target.num_heads \(4\), got 3."),
        ({"num_layers": 0}, "target.num_layers: must be 1 or more, got 0."),
        ({"native_windows": []}, r"target.native_windows: must list 1 to 2 layers \(target.num_layers\), got \[\]."),
        ({"native_windows": [4, None, 4]}, "target.native_windows: must list 1 to 2 layers"),
        ({"native_windows": [None, 0]}, r"target.native_windows\[1\]: must be 1 key or more, .* got 0."),
        ({"vocab_size": -1}, "target.vocab_size: must be 1 or more, got -1."),
        ({"block": 0}, "target.block: must be 1 or more, got 0."),
        ({"grid_tile": [8, 8]}, r"target.grid_tile: must be rows and columns of 128 tokens .* got \[8, 8\]."),
        ({"grid_tile": [-8, -16]}, "target.grid_tile: must be rows and columns of 128 tokens"),
        ({"grid_tile": [128]}, "target.grid_tile: must be rows and columns of 128 tokens"),
    ],
)
def test_impossible_dimensions_are_refused(changes: dict[str, Any], message: str) -> None:
    sizes: dict[str, Any] = {
        "num_tokens": 8,
        "num_layers": 2,
        "num_heads": 4,
        "num_kv_heads": 4,
        "d_model": 8,
        "d_head": 2,
        "d_mlp": 8,
    }
    with pytest.raises(InputError, match=message):
        Target(name="wrong", **{**sizes, **changes})
