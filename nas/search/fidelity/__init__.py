"""How far the study's own ranking can be trusted."""
