"""Tools for a user's own history: replay of recordings, imports from other systems, readiness for autonomous mode."""
