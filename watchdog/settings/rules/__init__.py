"""Rules that hold between keys, one file for each section."""
