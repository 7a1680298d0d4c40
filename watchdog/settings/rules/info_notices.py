"""Opt-in informational notices: successful deploys, announcements of the status pages, the weekly digest. Only channels
listed here get them."""

from collections.abc import Sequence

from watchdog.domain.policy import Digest
from watchdog.settings.rules.recurrence import parse_moment
from watchdog.settings.rules.severity_policy import RINGS, WRITES_DOWN
from watchdog.settings.schema.schema import Shape
from watchdog.settings.text.validation import choose
from watchdog.settings.text.yaml_document import Document

FOR_WORK = RINGS | WRITES_DOWN
"""Channels in which a notice stays open until a person closes it: informational notices would stay for ever."""


def build_good_news(document: Document, shape: Shape, channels: Sequence[str]) -> tuple[str, ...]:
    """Return the channels for successful deploys; report contradictions."""
    return _tell(document, "good_news", shape.good_news.tell, channels) if shape.good_news is not None else ()


def build_announcements(document: Document, shape: Shape, channels: Sequence[str]) -> tuple[str, ...]:
    """Return the channels for announcements of the public status pages; report contradictions."""
    if shape.announcements is None:
        return ()
    if not shape.status_pages:
        document.report(("announcements",), "there is no public status page to announce on", "add status_pages:")
    return _tell(document, "announcements", shape.announcements.tell, channels)


def build_digest(document: Document, shape: Shape, channels: Sequence[str]) -> Digest | None:
    """Return the time of the weekly digest and its channels; report contradictions."""
    if shape.digest is None:
        return None
    return Digest(parse_moment(shape.digest.every), _tell(document, "digest", shape.digest.tell, channels))


def _tell(document: Document, key: str, written: tuple[str, ...], channels: Sequence[str]) -> tuple[str, ...]:
    # Offered as a correction: the mistake names channels in which it would be allowed.
    readable = [name for name in channels if name not in FOR_WORK]
    if not written:
        document.report((key, "tell"), "names no channel", f"name a channel, or remove {key}:")
    for place, name in enumerate(written):
        path = (key, "tell", place)
        if name in channels and name in FOR_WORK:
            what = f"impossible: in {name} it would stay open until a person closes it"
            document.report(path, what, choose("", readable))
        elif name not in channels:
            document.report(path, "names no configured channel", choose(name, readable))
        elif name in written[:place]:
            document.report(path, "names a channel twice", "keep one")
    return written
