"""The log as lines for a person: the scenario's steps, and each message that the simulated Slack or PagerDuty receives.

Requests and pings are left out: they come every second and would hide the rest.
"""

import sys

from watchdog.sandbox import clock
from watchdog.sandbox.request_log import Entry

HIDDEN = frozenset({"request", "heartbeat", "check_in", "remote_write"})
SHOWN = ("service", "target", "deploy", "action", "severity", "kind", "scenario", "summary", "text")
"""The fields of an entry that are shown, in this order."""


def line(entry: Entry) -> str:
    """Return an entry as one line, or "" if it is of a hidden kind."""
    if entry["what"] in HIDDEN:
        return ""
    # In a fixed order, so that service and deploy stand at the same place of each line.
    said = "  ".join(str(entry[name]) for name in SHOWN if entry.get(name))
    return f"{clock.iso(entry['at'])[11:19]} UTC  {entry['what']:<18}  {said}".rstrip()


def show(entry: Entry) -> None:
    """Print an entry to standard error: standard output has the addresses alone."""
    told = line(entry)
    if told:
        sys.stderr.write(told + "\n")
