"""Kinds of signals that probe no page, and are judged as a probe is: by runs of bad readings (`probe_policy`)."""
