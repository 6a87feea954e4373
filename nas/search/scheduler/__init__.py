"""Which trials are trained next, and how far."""
