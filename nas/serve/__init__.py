"""Local pages for one's own browser, read-only: over a folder of studies, and Optuna's dashboard over one of them."""
