"""`watchdog check`: the configuration explained, and tried against the real services."""
