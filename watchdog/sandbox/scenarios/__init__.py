"""The scenarios of the demo."""
