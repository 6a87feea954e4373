"""Claims about patterns, and whether a table of training runs bears them out."""
