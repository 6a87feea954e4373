"""The shipped search spaces, one file each."""
