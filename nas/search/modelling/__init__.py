"""Models of quality: from features and early scores to a mean and an uncertainty."""
