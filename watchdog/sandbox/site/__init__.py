"""The guarded site and the control target."""
