import numpy as np
import torch

from nas.pretrained.decoder import Decoder
from nas.pretrained.needle import VALUE_TOKENS, NeedleTask
from nas.pretrained.retrieval_heads import ranked_heads, retrieval_scores


def test_retrieval_scores_are_attention_weights(decoder: Decoder, needle: NeedleTask) -> None:
    """Against transformers' own attention weights."""
    (batch,) = needle.validation_batches(100)
    decoder.model.set_attn_implementation("eager")
    with torch.no_grad():
        attentions = decoder.model(input_ids=torch.from_numpy(batch.tokens), output_attentions=True).attentions
    decoder.model.set_attn_implementation("nas_search")
    keys = needle.value_places().repeat(3, axis=0)
    expected = []
    for weights in attentions:
        asked = torch.stack(
            [weights[row][:, -VALUE_TOKENS + np.arange(VALUE_TOKENS), keys[row]] for row in range(len(keys))]
        )
        expected.append(asked.mean(dim=(0, 2)).view(2, 2).amax(dim=1))
    torch.testing.assert_close(retrieval_scores(decoder, needle, batch_size=2), torch.stack(expected))


def test_heads_are_ranked_best_first() -> None:
    assert ranked_heads([[0.1, 0.7], [0.3, 0.1]]) == ((0, 1), (1, 0), (0, 0), (1, 1))
