"""The results of a study as frozen values; nothing here runs a search or trains a model."""
