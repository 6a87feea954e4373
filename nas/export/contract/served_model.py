"""The model that an export is for, as far as its config.json decides whether the export can be used with it."""

from dataclasses import dataclass

from nas.errors import InputError
from nas.export.contract.export_format import Format
from nas.patterns.model import ModelPattern


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedModel:
    """A decoder.

    Args:
        where: the option or setting that names it.
        model_type: its architecture, as transformers names it; empty if the file does not say.
        num_layers: layers.
        num_heads: query heads of a layer.
    """

    where: str
    model_type: str
    num_layers: int
    num_heads: int

    def check(self, pattern: ModelPattern, export_format: Format) -> None:
        """Refuse an export that would not do in this model what the pattern says.

        Raises:
            InputError: the model has another number of layers or heads, or the format's library drops its windows.
        """
        own, wanted = (self.num_layers, self.num_heads), (pattern.num_layers, pattern.num_heads)
        if own != wanted:
            allowed = f"must have the pattern's {wanted[0]} layers of {wanted[1]} heads"
            raise InputError(self.where, allowed, f"{own[0]} layers of {own[1]} heads", "Search with target=FILE.")
        check_windows_are_read(self.where, self.model_type, export_format)


def check_windows_are_read(where: str, model_type: str, export_format: Format) -> None:
    """Refuse a model whose windows a format's library drops in silence.

    Args:
        where: what names the model, for the message.
        model_type: its architecture, as transformers names it.
        export_format: the format.

    Raises:
        InputError: it does.
    """
    if export_format.drops_windows(model_type):
        allowed = f"must be a model whose windows {export_format.name} reads; it drops those of this type in silence"
        raise InputError(where, allowed, model_type, "Choose another format, or another model.")
