"""The log of the simulated cloud: every request to a vendor and every change of the simulated world.

Rule 1: `what` is one of a few words (request, deploy_live, fault_started, rollback_accepted, pagerduty_trigger ...).
Rule 2: no header and no key of a request is ever logged.
Rule 3: with a file, a line is on the disk before the answer leaves, so that counts from it survive a kill -9.
Rule 4: a person who follows the log reads the scenario's steps, and each message that the simulated Slack or PagerDuty
receives. Requests and pings are left out: they come every second and would hide the rest.
"""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

from watchdog.sandbox import clock

Entry = dict[str, Any]

LIMIT_ENTRIES = 200_000
"""The number of entries kept in memory; a day of tests makes far fewer. The file keeps everything."""
HIDDEN = frozenset({"request", "heartbeat", "check_in", "remote_write"})
"""The kinds of entries that a person who follows does not read."""
SHOWN = ("service", "target", "deploy", "action", "severity", "kind", "scenario", "summary", "text")
"""The fields of an entry that are shown, in this order."""


class EventLog:
    """The log entries, oldest first. `entries` may be read freely; only `append` writes.

    `follow` receives each new entry.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.entries: list[Entry] = []
        self.dropped = 0
        self.follow: Callable[[Entry], None] = lambda entry: None
        self._file: TextIO | None = path.open("a", encoding="utf-8") if path else None

    def append(self, what: str, **fields: Any) -> Entry:
        """Append an entry and return it; the caller may still add the status of the answer."""
        entry: Entry = {"at": clock.now(), "what": what, **fields}
        self.entries.append(entry)
        # A tenth at a time: deleting the first entry of a list moves all others.
        if len(self.entries) > LIMIT_ENTRIES:
            self.dropped += LIMIT_ENTRIES // 10
            del self.entries[: LIMIT_ENTRIES // 10]
        if self._file is not None:
            self._file.write(json.dumps(entry) + "\n")
            # Rule 3: flushed for a kill -9 of this process, synced for a machine that goes down.
            self._file.flush()
            os.fsync(self._file.fileno())
        self.follow(entry)
        return entry

    def of(self, what: str) -> list[Entry]:
        """Return the entries of one kind, oldest first."""
        return [entry for entry in self.entries if entry["what"] == what]

    def requests(self, vendor: str, method: str | None = None, contains: str = "") -> list[Entry]:
        """Return the requests a vendor received, of one method and with a piece of path if given."""
        return [
            entry
            for entry in self.of("request")
            if entry["vendor"] == vendor and method in (None, entry["method"]) and contains in entry["path"]
        ]

    def close(self) -> None:
        """Close the file, if there is one."""
        if self._file is not None:
            self._file.close()
            self._file = None


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
