"""The answers of a pager, the silences over an alert, and the change events it receives besides pages."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Response:
    """A human's response to a page."""

    id: str  # the pager's own id of it, which never changes
    at: float  # UTC epoch seconds
    what: str  # acknowledged or resolved
    who: str  # the human's name there


@dataclass(frozen=True, slots=True)
class Change:
    """A change in production: a deploy, or a rollback."""

    at: float  # UTC epoch seconds
    service: str  # its name
    summary: str  # one line
    deploy: str  # id of the deploy that serves now
    commit: str = ""  # its commit or image digest; empty: not known
    message: str = ""  # first line of the commit's message
    trigger: str = ""  # the trigger of the deploy, as the platform says
    href: str = ""  # page of the deploy at the platform; empty: not known


@dataclass(frozen=True, slots=True)
class Silenced:
    """A silence over an incident's alert, in the tool that takes our alerts. It says nothing about our own silences."""

    incident: str  # the incident's id
    id: str  # the silence's id there
    by: str  # its author there
    why: str  # the author's comment
    until: float | None  # UTC epoch seconds; None: not known
