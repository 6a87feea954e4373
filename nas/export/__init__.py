"""Handing patterns over: one file per target, each export read back and compared before it is written."""

from nas.export.choose import KNEE, choose_best, choose_trial, whole_front
from nas.export.export import export_points
from nas.export.formats import FORMATS
from nas.export.point import ExportPoint

__all__ = ["FORMATS", "KNEE", "ExportPoint", "choose_best", "choose_trial", "export_points", "whole_front"]
