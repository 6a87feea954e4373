"""What the targets' own libraries make of exported files; each module imports its library, so import it by need."""
