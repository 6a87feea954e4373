"""What a study keeps on disk, and how it is read back."""
