"""What the core was told, step by step, on the disk: written by the daemon (tape.py), read by a replay (reading.py)."""

from watchdog.adapters.recordings.tape import FileTape

__all__ = ["FileTape"]
