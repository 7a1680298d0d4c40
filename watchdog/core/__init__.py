"""Pure decisions: no clock, no I/O, no randomness. `machine.step` is the entry point.

fold/    how a reading or a deploy list changes the state; detect/ whether a failure is confirmed
assess/  severity, blame, suspect, rollback target; guards/ the conditions that forbid a rollback
phases/  the handlers of each incident phase and of each human command; updates/ notices beside incidents
"""
