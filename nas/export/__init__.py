"""Exporting patterns of a study for the libraries that run them, each export read back and compared first."""

from nas.export.bundle.verify import verify_bundle
from nas.export.contract.served_model import ServedModel
from nas.export.export import export_points
from nas.export.formats import FORMATS
from nas.export.selection.choose import choose_best, choose_trial, whole_front
from nas.results.bundle import ExportSettings

__all__ = [
    "FORMATS",
    "ExportSettings",
    "ServedModel",
    "choose_best",
    "choose_trial",
    "export_points",
    "verify_bundle",
    "whole_front",
]
