"""The composition root and its entry points: build, run, queries, demo. Just below the command line."""
