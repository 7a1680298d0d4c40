"""The commands below `watchdog lab`: replay, readiness, import, and the laboratory."""
