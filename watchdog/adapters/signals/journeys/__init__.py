"""The signal `journey`: its steps, the forms that it fills in, and what it carries from step to step."""
