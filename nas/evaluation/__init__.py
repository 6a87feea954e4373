"""Evaluation: from patterns to measurements."""
