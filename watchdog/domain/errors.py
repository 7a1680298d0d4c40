"""Errors are named by the caller's next step.

WatchdogError            (never raised itself)
├── Temporary            try again, not before `retry_after_seconds`
│   └── Misshapen        the answer lacks a part we rely on: only a newer watchdog, or the vendor, helps
├── Partly               some recipients have the notice: send it to the others only, if `again`
├── Permanent            do not try again; a human must change something
│   ├── Forbidden        our key is refused, or may not do it: stop trying
│   │   └── MissingPermission  the key works, and lacks one permission: name it, a human adds it
│   ├── Gone             the requested object is not there (any more): only another one may help
│   └── Outdated         the store's tables are of an older version: the start of a daemon migrates them
├── OutcomeUnknown       it may have happened: look it up, never repeat blindly
├── Refused              a guard forbids it, with its reason
├── Displaced            another worker has the lease now: drop the service, write nothing
├── Withdrawn            its author withdrew the command: do nothing of it
├── Stale                another worker changed the shared state: load it, decide again
└── ConfigurationError   the user's input is wrong, each mistake with its place
"""

from dataclasses import dataclass


class WatchdogError(Exception):
    """Base of all our errors; never raised itself."""


class Temporary(WatchdogError):
    """It failed for now. Raised for timeouts, 5xx and 429 of calls that only read or notify."""

    def __init__(self, why: str, *, retry_after_seconds: float = 0.0) -> None:
        super().__init__(why)
        self.retry_after_seconds = retry_after_seconds


class Misshapen(Temporary):
    """The vendor's answer lacks a part we rely on: a missing field, or an unknown value or shape."""


# Neither Temporary nor Permanent: a blind repetition would reach the first recipients twice.
class Partly(WatchdogError):
    """A channel delivered a notice to some of its recipients; it remembers to which.

    `again`: the same notice is worth another send, to the others; `reference` is the return value of a send.
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
    """The requested object is not there (any more), such as the artefact of an old deploy."""


class Outdated(Permanent):
    """The store's tables are of an older version, whose daemon may still use them: only a daemon migrates them."""


# Not a Temporary: a caller that handles that one would simply repeat the call.
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
    """The command was answered meanwhile, as its author gave up: nothing of it may be done."""


class Stale(WatchdogError):
    """Another worker changed the shared state: load it and decide again."""

    def __init__(self) -> None:
        super().__init__("another worker changed what all workers share meanwhile")


@dataclass(frozen=True, slots=True)
class Mistake:
    """One mistake in the user's input: its place, and the correction."""

    where: str  # file and line, or the key
    what: str  # the mistake
    instead: str = ""  # the correction; empty: no hint

    def __str__(self) -> str:
        hint = f" -> {self.instead}" if self.instead else ""
        return f"{self.where}: {self.what}{hint}"


MISTAKES_MAX = 50
"""Mistakes shown at once; the others are counted."""


class ConfigurationError(WatchdogError):
    """The configuration cannot be used; carries every mistake at once, `MISTAKES_MAX` at most.

    `more` were found besides these and are only counted. `place` is the handbook page about the input,
    as in `reference-configuration`; "" where there is none.
    """

    def __init__(self, mistakes: tuple[Mistake, ...], more: int = 0, *, place: str = "") -> None:
        # The last line of the limit states how many are left out, so one mistake fewer is shown.
        if len(mistakes) + more > MISTAKES_MAX:
            shown, rest = mistakes[: MISTAKES_MAX - 1], mistakes[MISTAKES_MAX - 1 :]
            where = (rest or shown)[0].where
            what = f"and {len(rest) + more} more mistakes"
            mistakes = (*shown, Mistake(where, what, "correct those above first"))
        super().__init__("\n".join(str(mistake) for mistake in mistakes))
        self.mistakes = mistakes
        self.place = place
