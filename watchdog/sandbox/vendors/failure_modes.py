"""The failure modes of the vendors, settable while the sandbox runs. A misspelt mode is an error, not a no-op.

A mode may hold for the next N uses only; then it falls back to the first of its table, mostly `ok`.
"""

from dataclasses import dataclass, field

REFUSALS = {f"refuse_{status}": status for status in (400, 401, 403, 404, 410, 422)}
CHANGE = ("ok", "slow", "drop", "error_after", "refuse_429", "reset_before", *REFUSALS)
"""Modes of a call that changes something. slow, drop and error_after accept the change and spoil the answer;
refuse_... and reset_before do nothing."""

READ = ("ok", "error_500")
"""Modes of a call that reads one list, while the vendor's other calls answer."""

VENDOR = ("ok", "down", "drop", "refuse_429", "error_500", "hang")
"""Modes of a whole vendor. `down` closes each connection without an answer (all vendors share one port); `drop` does
so after it took the request."""

ISSUE = ("ok", "drop", "limited", *REFUSALS)
"""Modes of a call about an issue: drop applies it without an answer; limited is GitHub's secondary limit (403)."""

GIT = ("ok", "drop", *REFUSALS)
"""Modes of a call that writes code or a pull request."""

MODES: dict[str, tuple[str, ...]] = {
    "rollback": (*CHANGE, "expired"),
    "patch": (*CHANGE, "ignore"),
    "create_deploy": CHANGE,
    "restart": CHANGE,
    "scale": (*CHANGE, "ignore"),
    "flag": CHANGE,
    "flags": VENDOR,
    "list_deploys": READ,
    "list_events": READ,
    "overlap": ("wait", "override"),
    "render": VENDOR,
    "render_clock": ("ok", "behind", "undated"),
    "sentry": VENDOR,
    "github": VENDOR,
    "issue": ISSUE,
    "issue_update": ISSUE,
    "issue_comment": ISSUE,
    "git_commit": GIT,
    "git_ref": GIT,
    "pull": GIT,
    "comment_update": ISSUE,
    "commit_status": ISSUE,
    "pagerduty": VENDOR,
    "pagerduty_api": VENDOR,
    "slack": VENDOR,
    "slack_webhook": VENDOR,
    "webhook": VENDOR,
    "heartbeat": VENDOR,
    "crons": VENDOR,
    "remote_write": VENDOR,
    "status": VENDOR,
}


@dataclass(slots=True)
class Modes:
    """The current modes. `slow_seconds` is the delay of a slow answer."""

    slow_seconds: float = 5.0
    _set: dict[str, tuple[str, int | None]] = field(default_factory=dict)

    def set(self, name: str, mode: str, times: int | None = None) -> None:
        """Set a mode, for the next `times` uses or for good. Raises ValueError with the known names."""
        if mode not in MODES.get(name, ()):
            known = MODES.get(name)
            raise ValueError(f"{name}: {mode!r} is none of {known}" if known else f"{name!r} is none of {tuple(MODES)}")
        self._set[name] = (mode, times)

    def peek(self, name: str) -> str:
        """Return the current mode without counting a use."""
        return self._set.get(name, (MODES[name][0], None))[0]

    def use(self, name: str) -> str:
        """Return the mode for this call and count the use."""
        mode, left = self._set.get(name, (MODES[name][0], None))
        if left is not None:
            # The last use removes the mode: the next call finds the first one of the table again.
            if left <= 1:
                self._set.pop(name, None)
            else:
                self._set[name] = (mode, left - 1)
        return mode
