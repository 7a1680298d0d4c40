"""Telemetry: metrics, logs, the daemon's own errors, heartbeats."""
