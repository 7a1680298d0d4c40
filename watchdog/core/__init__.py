"""Pure decisions: no clock, no I/O, no chance. `machine.step` is the entry point.

fold/    what a reading changes in the state; detect/ whether a failure is confirmed
assess/  severity, blame, suspect, rollback target; guards/ what forbids acting
phases/  what happens in each phase of an incident and at each human command; updates/ notices beside incidents
"""
