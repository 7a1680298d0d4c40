"""Calls an address of the configuration: for whatever else may cure, such as a cache to purge or a job to start.

What it does is the user's own, so nothing but the look of the configuration can tell what came of it. Without one a
call whose answer is lost is an unknown outcome: it is never repeated, and people are paged.
"""

from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator

from watchdog.adapters.remedies.http_call import CallLook, CallOptions, CallRequest, HttpCall, is_name
from watchdog.domain.remedies.kinds import RemedyKind

TOKEN = "WATCHDOG_REMEDY_TOKEN"  # noqa: S105  the name of a variable, not what it holds


def _call(text: str) -> str:
    if not is_name(text):
        raise ValueError("not a name we can use: write what it does, as in purge-cdn (60 letters, digits, -, _ or .)")
    return text


class RemedyHookRequest(CallRequest):
    """The one request that is the call."""

    token: ClassVar[str] = TOKEN

    method: Literal["POST", "PUT", "PATCH", "DELETE"] = "POST"


class RemedyHookLook(CallLook):
    """The request that reads what came of the call."""

    token: ClassVar[str] = TOKEN


class RemedyHookOptions(CallOptions):
    """An address that is called before a rollback."""

    kind: ClassVar[RemedyKind] = RemedyKind.WEBHOOK

    call: Annotated[str, AfterValidator(_call)]
    request: RemedyHookRequest
    look: RemedyHookLook | None = None

    @property
    def acted_on(self) -> str:
        """Return the name of the call, as people know it."""
        return self.call


class Webhook(HttpCall):
    """One call."""

    vendor = "the webhook"
