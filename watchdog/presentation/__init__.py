"""Facts into text, the same for terminal, console and chat.

Pure: nothing here reads a clock or a store, except `stats_loader.py` and `incident_loader.py`, which receive both.
"""
