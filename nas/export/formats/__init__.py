"""The export formats, one file each: what a format writes, how it is read back, and how to use it."""

from nas.export.contract.export_format import Format
from nas.export.formats import (
    deepspeed,
    duo_attention,
    flash_attention,
    flash_attention_4,
    flashinfer,
    flex_module,
    gguf,
    megatron_core,
    minference,
    mlx_lm,
    pattern_file,
    sglang,
    splash,
    swaa,
    tensorrt_llm,
    torch_module,
    transformers_config,
    transformers_module,
    vllm,
)

FORMATS: dict[str, Format] = {
    module.FORMAT.name: module.FORMAT
    for module in (
        pattern_file,
        flex_module,
        torch_module,
        transformers_module,
        transformers_config,
        vllm,
        sglang,
        mlx_lm,
        gguf,
        tensorrt_llm,
        megatron_core,
        flash_attention,
        flash_attention_4,
        flashinfer,
        splash,
        swaa,
        duo_attention,
        minference,
        deepspeed,
    )
}
"""The formats by their names for `--format`. To add one, see CONTRIBUTING.md."""
