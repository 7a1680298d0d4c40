"""What a pager tells back, and what it is told of besides pages."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Response:
    """What a human did about a page, at that moment (UTC epoch seconds). `what` is acknowledged or resolved.

    `id` is the pager's own, and never changes; `who` is the human's name there.
    """

    id: str
    at: float
    what: str
    who: str


@dataclass(frozen=True, slots=True)
class Change:
    """Something that changed in production at that moment (UTC epoch seconds): a deploy, or a rollback."""

    at: float
    service: str
    summary: str
    deploy: str
    commit: str = ""
    message: str = ""
    trigger: str = ""
    href: str = ""
