"""Configuration as text: YAML with line numbers, messages for mistakes, summaries."""
