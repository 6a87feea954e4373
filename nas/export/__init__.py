"""Handing patterns over: one file per target, each export read back and compared before it is written."""

from nas.export.bundle.verify import verify_bundle
from nas.export.export import export_points
from nas.export.selection.choose import KNEE, choose_best, choose_trial, whole_front
from nas.export.selection.point import ExportPoint
from nas.export.settings import ExportSettings
from nas.export.targets.catalog import FORMATS

__all__ = [
    "FORMATS",
    "KNEE",
    "ExportPoint",
    "ExportSettings",
    "choose_best",
    "choose_trial",
    "export_points",
    "verify_bundle",
    "whole_front",
]
