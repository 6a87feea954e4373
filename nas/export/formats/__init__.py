"""The export formats, one file each: what a format writes, how it is read back, and how to use it."""

from nas.export.contract.export_format import Format
from nas.export.formats import (
    deepspeed,
    duo_attention,
    flashinfer,
    flex_module,
    minference,
    pattern_file,
    tensorrt_llm,
    torch_module,
    transformers_config,
    transformers_module,
)

FORMATS: dict[str, Format] = {
    module.FORMAT.name: module.FORMAT
    for module in (
        pattern_file,
        flex_module,
        torch_module,
        transformers_module,
        transformers_config,
        deepspeed,
        flashinfer,
        tensorrt_llm,
        duo_attention,
        minference,
    )
}
"""The formats by their names for `--format`. To add one, see CONTRIBUTING.md."""
