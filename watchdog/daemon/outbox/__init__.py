"""The outbox: every notice to every channel, retried, with fallbacks, and its delivery recorded."""
