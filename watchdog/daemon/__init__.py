"""The async shell around the core: one queue, recorded effects, supervised tasks. It imports no adapter.

engine/       one event at a time: step, save, perform       probing/      when each signal and deploy list is read
actions/      rollbacks, sent at most once                   outbox/       notices, delivered at least once
approvals/    open questions and their answers               supervision/  leases, health, status, housekeeping
integrations/ whether each outside service works             telemetry/    metrics, logs, heartbeats
http/         the server for health and metrics              runtime/      clock, sleep, supervisor of tasks
"""
