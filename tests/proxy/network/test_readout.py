"""Against each readout written out for one member and sequence."""

import pytest
import torch
from torch.nn import functional

from nas.proxy.network.operations import normed
from nas.proxy.network.readout import head_spec, read_out, readout_specs
from nas.proxy.settings import ProxySettings
from nas.tasks.task import Readout

PROXY = ProxySettings(num_layers=1, num_heads=2, d_model=8, mlp_ratio=2)
NUM_TOKENS, VOCAB_SIZE = 5, 11


def weights_of(readout: Readout) -> dict[str, torch.Tensor]:
    specs = [head_spec(readout, PROXY, VOCAB_SIZE), *readout_specs(readout, PROXY, NUM_TOKENS)]
    generator = torch.Generator().manual_seed(0)
    drawn = {spec.name: torch.randn(2, *spec.shape, generator=generator) for spec in specs}
    return drawn | {"norm": torch.rand(2, PROXY.d_model, generator=generator)}


@pytest.mark.parametrize("readout", ["each", "mean", "last"])
def test_scores_are_those_of_one_sequence_by_itself(readout: Readout) -> None:
    weights, x = weights_of(readout), torch.randn(2, 3, NUM_TOKENS, PROXY.d_model)
    scores = read_out(readout, x, weights)
    assert scores.shape == (2, 3 if readout == "mean" else 3 * NUM_TOKENS, VOCAB_SIZE)
    for member in range(2):
        own = {name: weight[member] for name, weight in weights.items()}
        for sequence in range(3):
            final = normed(x[member, sequence]) * own["norm"]
            if readout == "mean":
                torch.testing.assert_close(scores[member, sequence], final.mean(dim=0) @ own["head"])
                continue
            found = scores[member].view(3, NUM_TOKENS, -1)[sequence]
            if readout == "last":
                asked = final[-1] + own["readout.position_embedding"]
                final = functional.gelu(asked @ own["readout.mlp_in"])
            torch.testing.assert_close(found, final @ own["head"])


@pytest.mark.parametrize("readout", ["each", "mean", "last"])
def test_scores_are_float32_where_the_rest_is_bfloat16(readout: Readout) -> None:
    """Of bfloat16 scores, equal ones could not be told apart: the first of them would be the answer."""
    weights, x = (
        weights_of(readout),
        torch.randn(2, 3, NUM_TOKENS, PROXY.d_model, generator=torch.Generator().manual_seed(1)),
    )
    expected = read_out(readout, x, weights)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        scores = read_out(readout, x, weights)
    assert scores.dtype == torch.float32
    assert not torch.equal(scores.bfloat16().float(), scores)
    torch.testing.assert_close(scores, expected, rtol=0, atol=0.2)
