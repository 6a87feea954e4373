"""The search: one study from its settings to its front."""
