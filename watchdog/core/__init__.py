"""Pure decisions: no clock, no I/O, no luck. `machine.step` is the door. Floor 1."""
