"""A pattern comes in, a Measurement goes out."""
