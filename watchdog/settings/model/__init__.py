"""The loaded configuration."""
