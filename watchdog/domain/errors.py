"""Errors are named by what the caller should do next.

WatchdogError            (never raised itself)
├── Temporary            try again, not before `retry_after_seconds`
│   └── Misshapen        the answer lacks what we rely on: only a newer watchdog, or the vendor, helps
├── Partly               some of those to be told have it: try again for the others only, if `again`
├── Permanent            do not try again; a human must change something
│   ├── Forbidden        our key is refused, or may not do it: stop trying to
│   │   └── MissingPermission  the key works, and lacks one permission: name it, a human adds it
│   └── Gone             what was asked for is not there (any more): only something else may help
├── OutcomeUnknown       it may have happened: look it up, never repeat blindly
├── Refused              a guard said no, with its reason
├── Displaced            another worker has it now: drop it, write nothing
├── Withdrawn            its author took it back: do nothing of it
├── Stale                another worker changed what all share: load it, decide again
└── ConfigurationError   the user's input is wrong, each mistake with its place
"""

from dataclasses import dataclass


class WatchdogError(Exception):
    """Base of all our errors; never raised itself."""


class Temporary(WatchdogError):
    """It failed for now. Raised for timeouts, 5xx and 429 of calls that only read or tell."""

    def __init__(self, why: str, *, retry_after_seconds: float = 0.0) -> None:
        super().__init__(why)
        self.retry_after_seconds = retry_after_seconds


class Misshapen(Temporary):
    """The vendor answered, without what we rely on: a field that is gone, a value or a shape that we do not know."""


class Partly(WatchdogError):
    """A channel brought a notice to some of its people; it remembers to whom.

    `again` tells whether the same notice is worth another send, to the others; `reference` is what a send returns.
    """

    def __init__(self, why: str, reference: str | None, *, again: bool) -> None:
        super().__init__(why)
        self.reference = reference
        self.again = again


class Permanent(WatchdogError):
    """It will fail again until a human changes something."""


class Forbidden(Permanent):
    """Our key is refused, or may not do it; asking again changes nothing until a human gives it the right."""


class MissingPermission(Forbidden):
    """The key works, and lacks one permission, which is named in `permission`."""

    def __init__(self, why: str, permission: str) -> None:
        super().__init__(why)
        self.permission = permission


class Gone(Permanent):
    """What was asked for is not there (any more), such as the artefact of an old deploy."""


class OutcomeUnknown(WatchdogError):
    """A changing call was sent and its answer was lost."""


class Refused(WatchdogError):
    """A guard forbids it."""


class Displaced(WatchdogError):
    """The lease on `names` moved to another worker: drop them, write nothing more for them."""

    def __init__(self, names: tuple[str, ...]) -> None:
        super().__init__(f"another worker has {', '.join(name or 'the fleet' for name in names)} now")
        self.names = names


class Withdrawn(WatchdogError):
    """The command was answered meanwhile, by its author who gave up: nothing of it may be done."""


class Stale(WatchdogError):
    """Another worker changed what all workers share: load it and decide again."""

    def __init__(self) -> None:
        super().__init__("another worker changed what all workers share meanwhile")


@dataclass(frozen=True, slots=True)
class Mistake:
    """One wrong place in the user's input, and what to write instead."""

    where: str  # file and line, or the key
    what: str  # what is wrong with it
    instead: str = ""  # what to write instead; empty: no hint

    def __str__(self) -> str:
        hint = f" -> {self.instead}" if self.instead else ""
        return f"{self.where}: {self.what}{hint}"


MISTAKES_MAX = 50
"""Shown at once; the others are counted."""


class ConfigurationError(WatchdogError):
    """The configuration cannot be used; carries every mistake at once, `MISTAKES_MAX` at most.

    `more` were found beside these and are only counted. `place` is where the handbook explains what was written
    wrongly, as in `reference-configuration`; empty where there is no such page.
    """

    def __init__(self, mistakes: tuple[Mistake, ...], more: int = 0, *, place: str = "") -> None:
        if len(mistakes) + more > MISTAKES_MAX:
            shown, rest = mistakes[: MISTAKES_MAX - 1], mistakes[MISTAKES_MAX - 1 :]
            where = (rest or shown)[0].where
            what = f"and {len(rest) + more} more mistakes"
            mistakes = (*shown, Mistake(where, what, "correct those above first"))
        super().__init__("\n".join(str(mistake) for mistake in mistakes))
        self.mistakes = mistakes
        self.place = place
