"""Shows events of the simulated cloud on the demo's screen: a deploy goes live, and a fault begins.

Rule: it only reads the sandbox's log, for the person who watches; the daemon gets nothing of it.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

Tell = Callable[[float, str, str], None]
"""Shows a line: when (UTC epoch seconds), its label, its text."""


class Announcer:
    """Shows each entry of the log once."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._seen = 0

    def tell(self, story: Sequence[Mapping[str, Any]]) -> None:
        """Show the entries added since the last call."""
        fresh, self._seen = story[self._seen :], len(story)
        for entry in fresh:
            words = announced(entry)
            if words is not None:
                self._tell(entry["at"], *words)


def announced(entry: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return label and text of an entry that a reader of the demo should know of, or None."""
    if entry["what"] == "deploy_live":
        return "DEPLOY", f"{entry['deploy']} (commit {str(entry['commit'])[:7]}) is live on {entry['service']}"
    if entry["what"] == "fault_started":
        by = f": {entry['deploy']} breaks it" if "deploy" in entry else ""
        return "FAULT", f"{entry['target']} begins to fail ({entry['kind']}){by}"
    return None
