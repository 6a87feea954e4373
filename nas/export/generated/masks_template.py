"""The code that all generated modules have in common: constants, the draws of `random`, and the masks of every layer.

HEAD, GRID and MASKS are filled by `str.format`, only with numbers and with Python literals made by `repr`: no text that
a user chose is ever placed outside a string literal.
"""

HEAD = '''"""Attention pattern {pattern_id} for {library}, made by `nas export`.

{num_layers} layers of {num_heads} heads, {causality}. {needs}
PROVENANCE below says which study found the pattern and how good it was.

{how_to}
"""

{imports}

MaskMod = Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]
Device = torch.device | str

PATTERN_ID = "{pattern_id}"
CAUSAL = {causal}
POSITION = "{position}"  # the model's position encoding: not part of the mask, and not applied here
NUM_LAYERS = {num_layers}
NUM_HEADS = {num_heads}
PROVENANCE: dict[str, Any] = {{
{provenance}
}}
'''

RANDOM = '''

WORD = (1 << 64) - 1


def _splitmix64(word: int) -> int:
    word = (word + 0x9E3779B97F4A7C15) & WORD
    word = (word ^ (word >> 30)) * 0xBF58476D1CE4E5B9 & WORD
    word = (word ^ (word >> 27)) * 0x94D049BB133111EB & WORD
    return word ^ (word >> 31)


def _draw_row(blocks: int, seed: int, layer: int, head: int, row: int, candidates: int) -> set[int]:
    """The key blocks that one block of queries sees: `blocks` of the first `candidates`, by Floyd's sampling."""
    drawn: set[int] = set()
    for step in range(max(candidates - blocks, 0), candidates):
        word = 0
        for part in (seed, layer, head, row, step):
            word = _splitmix64(word ^ (part & WORD))
        pick = (word >> 32) * (step + 1) >> 32
        drawn.add(step if pick in drawn else pick)
    return drawn


@lru_cache(maxsize=64)
def _draw(layer: int, block: int, blocks: int, seed: int, num_tokens: int, device: Device) -> Tensor:
    """Which key blocks each block of queries sees: bool, (heads, query blocks, key blocks)."""
    rows = -(-num_tokens // block)
    table = torch.zeros(NUM_HEADS, rows, rows, dtype=torch.bool)
    for head in range(NUM_HEADS):
        for row in range(rows):
            drawn = _draw_row(blocks, seed, layer, head, row, row + 1 if CAUSAL else rows)
            table[head, row, list(drawn)] = True
    return table.to(device)
'''

LENGTH = """

def _length(num_tokens: int | None) -> int:
    if num_tokens is None:
        raise ValueError("num_tokens: must be given, the mask of this layer depends on the sequence length.")
    return num_tokens
"""

GRID = """

ROWS, COLUMNS = {rows}, {columns}


def _check_grid(num_tokens: int | None) -> None:
    if num_tokens is not None and num_tokens != ROWS * COLUMNS:
        grid = f"a grid of {{ROWS}} rows and {{COLUMNS}} columns"
        raise ValueError(f"num_tokens: must be {{ROWS * COLUMNS}}, {{grid}}, got {{num_tokens}}.")
"""

MASKS = '''

LAYERS: tuple[Callable[[int | None, Device], MaskMod], ...] = ({builders})


def mask_mod(layer: int, num_tokens: int | None = None, device: Device = "cpu") -> MaskMod:
    """The mask of a layer as a function of indices: (batch, head, query, key) -> may attend.

    Args:
        layer: from 0 to NUM_LAYERS - 1.
        num_tokens: sequence length, in tokens; {length_rule}
        device: of the indices.
    """
    return LAYERS[_checked(layer)](num_tokens, device)


def mask(layer: int, num_tokens: int, device: Device = "cpu") -> Tensor:
    """The dense mask of a layer: bool, (heads, queries, keys), True where attention is allowed."""
    head = torch.arange(NUM_HEADS, device=device)[:, None, None]
    token = torch.arange(num_tokens, device=device)
    seen = mask_mod(layer, num_tokens, device)(torch.zeros_like(head), head, token[:, None], token)
    return seen.expand(NUM_HEADS, num_tokens, num_tokens)


def _checked(layer: int) -> int:
    if not 0 <= layer < NUM_LAYERS:
        raise ValueError(f"layer: must be from 0 to {{NUM_LAYERS - 1}}, got {{layer}}.")
    return layer
'''
