"""The engine: one event at a time through the core, saved, then performed."""
