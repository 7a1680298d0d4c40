"""What the command line runs besides the daemon."""
