"""`watchdog demo`: the daemon against the sandbox."""
