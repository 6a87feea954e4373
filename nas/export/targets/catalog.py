"""Every export target."""

from nas.export.targets import (
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
from nas.export.targets.target import Format

FORMATS: dict[str, Format] = {
    "pattern": pattern_file.FORMAT,
    "flex": flex_module.FORMAT,
    "torch": torch_module.FORMAT,
    "transformers": transformers_module.FORMAT,
    "transformers-config": transformers_config.FORMAT,
    "deepspeed": deepspeed.FORMAT,
    "flashinfer": flashinfer.FORMAT,
    "tensorrt-llm": tensorrt_llm.FORMAT,
    "duo-attention": duo_attention.FORMAT,
    "minference": minference.FORMAT,
}
"""What `--format` may name. To add a target, see CONTRIBUTING.md."""
