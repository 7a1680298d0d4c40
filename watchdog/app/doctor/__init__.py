"""The examination of a live installation: what `watchdog doctor` asks, and what it makes of the answers."""
