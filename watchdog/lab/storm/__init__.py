"""The storm: the real daemon on a seeded event loop, in a world that does its worst. See `world.py`."""
