"""Text about drills."""
