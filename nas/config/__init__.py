"""From YAML files and the command line to typed settings; Hydra and OmegaConf stop here."""
