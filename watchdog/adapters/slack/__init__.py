"""Slack as a place where people answer and ask: buttons under a message, `/watchdog`, both over Socket Mode.

Rule 1: outbound only. Slack's own socket brings every click, so that a worker needs no open port.
Rule 2: Slack does not check rights: a member who is not on our list changes nothing. A signature of ours proves the
meaning of a button's value (`button_signature.py`).
Rule 3: an envelope is acknowledged first and handled then. One that comes twice is handled once, and the store decides
in the end.
"""

APP_TOKEN = "WATCHDOG_SLACK_APP_TOKEN"  # noqa: S105  the name of a variable, not what it holds
API = "https://slack.com/api"
PASSING = frozenset(
    {"ratelimited", "rate_limited", "internal_error", "fatal_error", "service_unavailable", "request_timeout"}
    | {"org_login_required", "team_added_to_org"}
)
"""Errors of a method that pass by themselves: `chat.postMessage` has its own word for too many messages, and the last
two end with the workspace's migration."""
KEY_REFUSED = frozenset(
    {"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "missing_scope"}
)
"""Errors that only another token, or more rights for it, resolves."""
