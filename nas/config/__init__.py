"""From YAML files and the command line to typed settings; no other room imports Hydra or OmegaConf."""
