"""The front of a study."""
