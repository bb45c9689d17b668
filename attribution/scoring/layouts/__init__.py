"""Column layouts and vocabularies of public event data, one TOML file each."""
