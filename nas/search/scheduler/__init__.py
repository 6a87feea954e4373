"""Which trials are trained next, and to which rung."""
