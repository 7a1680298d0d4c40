"""The async shell around the core: one queue, recorded effects, supervised tasks. Floor 3; knows no adapter."""
