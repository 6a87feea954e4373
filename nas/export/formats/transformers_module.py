"""Format `transformers`: modules that give the pattern and its cache to any decoder of Hugging Face transformers.

Source: `AttentionInterface`, `AttentionMaskInterface`, `Cache` and `CacheLayerMixin` of transformers 5.3 and newer, run
with 5.3 and 5.23.
"""

from nas.export.contract.export_format import EVERY_PHASE, Files, Format, Library, mask_check
from nas.export.contract.heads import require_causal
from nas.export.contract.masks import Reading
from nas.export.generated import transformers_template
from nas.export.generated.cache_template import CACHE
from nas.export.generated.kinds import head_kinds, keeps_all, kinds_source
from nas.export.generated.run import read_module
from nas.export.generated.source import ModuleTemplate, has_grid, module_source
from nas.patterns.model import ModelPattern
from nas.results.bundle import ExportSettings
from nas.results.phase import PatternPhase
from nas.results.provenance import Provenance

NAME = "transformers"
MODULE = "transformers_attention"
FILE_NAME = f"{MODULE}.py"
CACHE_MODULE = "transformers_cache"
CACHE_FILE_NAME = f"{CACHE_MODULE}.py"

USAGE = f"""`{FILE_NAME}` and `{CACHE_FILE_NAME}` are Python modules that need torch 2.6 and transformers 5.3, or
newer, but not `nas`:

```python
import {MODULE} as pattern
from transformers import AutoModelForCausalLM

model = AutoModelForCausalLM.from_pretrained("./model", attn_implementation=pattern.register())
```

The model must have as many layers and query heads as the pattern; heads that share keys and values may attend
differently. Its weights, positions, tokenizer and `generate` stay as they are: padding, a growing or a static cache,
and training all work. The pattern restarts where a sequence starts, after padding on the left.

On CUDA, sequences run in compiled FlexAttention and single tokens in torch's dense kernel with the same mask. Elsewhere
everything runs in the dense kernel, on the keys that some query of a few may see.
"""

CACHE_USAGE = f"""
The library's own caches hold all keys, and the pattern decides which of them are read. `PatternCache` holds only those
that a later query can still see, for each layer and KV head. It refuses a model none of whose KV heads can drop a key,
and assisted decoding:

```python
from {CACHE_MODULE} import PatternCache

cache = PatternCache(model.config)  # a new one for each batch: model.generate(..., past_key_values=cache)
```
"""

NO_CACHE_USAGE = f"""
Leave `{CACHE_FILE_NAME}` aside: {{why}},
so no key can be dropped from a cache, and the library's own caches are right.
"""

_TEMPLATE = ModuleTemplate(
    format_name=NAME,
    library="Hugging Face transformers",
    module=MODULE,
    needs="It needs torch 2.6 and transformers 5.3, or newer.",
    imports=transformers_template.IMPORTS,
    how_to=transformers_template.HOW_TO,
    tail=transformers_template.TAIL,
)


def write(pattern: ModelPattern, provenance: Provenance, settings: ExportSettings) -> Files:
    """The source of the attention, and of the cache.

    Raises:
        Refusal: the pattern is not a mask, or not causal.
    """
    require_causal(pattern, NAME)
    # Random blocks are drawn into a table; its length is rounded up, so that it is not built again for every token.
    length = "ROWS * COLUMNS" if has_grid(pattern) else "1 << (num_keys - 1).bit_length()"
    fields = {"table_length": length, "kinds": kinds_source(head_kinds(pattern, NAME)), "phase": provenance.phase}
    return {
        FILE_NAME: module_source(pattern, provenance, _TEMPLATE, **fields),
        CACHE_FILE_NAME: CACHE.format(pattern_id=pattern.id),
    }


def further_usage(pattern: ModelPattern, phase: PatternPhase) -> str:
    """How to use the cache, or why there is nothing that it could save."""
    if phase == "prefill":
        return NO_CACHE_USAGE.format(why="tokens after the prompt see everything")
    if keeps_all(head_kinds(pattern, NAME)):
        return NO_CACHE_USAGE.format(why="in all heads a later token may see every key again")
    return CACHE_USAGE


def read(files: Files, num_heads: int) -> Reading:
    """Run the module, which needs only torch for that, and read its masks."""
    return read_module(str(files[FILE_NAME]), MODULE)


FORMAT = Format(
    name=NAME,
    summary="modules for any decoder of transformers, with a cache of what is seen again; every causal mask, per head",
    write=write,
    check=mask_check(NAME, read),
    usage=USAGE,
    further_usage=further_usage,
    phases=EVERY_PHASE,
    library=Library(package="transformers", module="decoder"),
)
