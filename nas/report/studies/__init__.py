"""What is said of several studies, or of one that has not ended: lists and comparisons."""
