"""From a file and an environment to Settings."""
