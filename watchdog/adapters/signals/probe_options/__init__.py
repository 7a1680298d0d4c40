"""What a probe sends, and what it expects beyond a status and a text: the options of `http` and `latency`."""
