"""Drills: an outage on purpose on a staging service, or a test page, timed and cleaned up."""
