"""How the report of a study is drawn: one HTML page without a network."""
