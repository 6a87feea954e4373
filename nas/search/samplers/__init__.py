"""Samplers: which pattern is proposed next."""
