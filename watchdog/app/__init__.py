"""The composition root and what it is asked for: build, run, queries, demo. Just below the command line."""
