"""Recordings: every event the core received, on disk. recording_writer.py writes, recording_reader.py reads."""

from watchdog.adapters.recordings.recording_writer import RecordingWriter

__all__ = ["RecordingWriter"]
