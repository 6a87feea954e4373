"""Every export format, one file each: what it writes, how it is read back, and how it is used."""

from nas.export.contract.format import Format
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
"""What `--format` may name. To add a format, see CONTRIBUTING.md."""
