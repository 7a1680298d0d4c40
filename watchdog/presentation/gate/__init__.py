"""The gate of CI, and the course of a deploy: pure answers from the record."""
