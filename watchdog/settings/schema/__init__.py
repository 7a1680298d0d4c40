"""The keys of the configuration file: their types and bounds."""
