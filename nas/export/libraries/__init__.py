"""Exported files read by the libraries they are for. Each module imports its library, so it is imported only on use."""
