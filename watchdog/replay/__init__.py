"""What a user runs on his own history: replay of recordings, imports, readiness."""
