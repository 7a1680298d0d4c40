"""Limits and weights of the tests: round ones, so that a better default does not rewrite every story.

What is shipped is measured elsewhere (test_probes_figures, tests/lab).
"""

from watchdog.domain.policy import BlameWeights, Detection

LIMITS = Detection(
    run_seconds=45.0, run_seconds_in_watch=40.0, cusum_limit_in_watch=14.0, latency_hold_seconds=60.0, feed_alpha=1e-4
)
WEIGHTS = BlameWeights(other_incidents_per_month=1.0)
