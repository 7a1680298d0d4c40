"""Slack as a place where people answer and ask: buttons under a message, `/watchdog`, both over Socket Mode.

Rule 1: outbound only. Slack's own socket brings every click, so that a worker needs nothing that listens.
Rule 2: Slack asks nobody whether they may: who is not on our list changes nothing, and a button's value proves what it
stands for by a signature of ours (`button_signature.py`).
Rule 3: what comes is acknowledged first and handled then; what comes twice is handled once, and the store has the
last word anyway.
"""

APP_TOKEN = "WATCHDOG_SLACK_APP_TOKEN"  # noqa: S105  the name of a variable, not what it holds
API = "https://slack.com/api"
PASSING = frozenset({"ratelimited", "internal_error", "fatal_error", "service_unavailable", "request_timeout"})
"""Errors of a method that pass by themselves."""
KEY_REFUSED = frozenset(
    {"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "missing_scope"}
)
"""Errors that only another token, or more rights for it, mends."""
