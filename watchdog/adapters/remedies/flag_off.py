"""Switches a feature flag off by one HTTP request, and reads it by another: for any flag service with an API.

The request is the user's own: LaunchDarkly, Unleash, Flagsmith and PostHog differ in method, address and body alone
(the handbook has each).
"""

from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator

from watchdog.adapters.remedies.http_call import CallLook, CallOptions, CallRequest, HttpCall, is_name
from watchdog.domain.remedies.kinds import RemedyKind

TOKEN = "WATCHDOG_FLAG_TOKEN"  # noqa: S105  the name of a variable, not what it holds


def check_flag(text: str) -> str:
    """Return a flag's key that can name a remedy. Raises ValueError with the form to write."""
    if not is_name(text):
        raise ValueError("not a name we can use: write the flag's key, up to 60 letters, digits, -, _ or .")
    return text


class FlagRequest(CallRequest):
    """The one request that switches the flag off."""

    token: ClassVar[str] = TOKEN

    method: Literal["POST", "PUT", "PATCH"] = "POST"


class FlagLook(CallLook):
    """The request that reads the flag."""

    token: ClassVar[str] = TOKEN


class FlagOffOptions(CallOptions):
    """A feature flag that is switched off before a rollback."""

    kind: ClassVar[RemedyKind] = RemedyKind.FLAG_OFF

    flag: Annotated[str, AfterValidator(check_flag)]
    request: FlagRequest
    look: FlagLook | None = None

    @property
    def acted_on(self) -> str:
        """Return the flag's key."""
        return self.flag


class FlagOff(HttpCall):
    """One feature flag."""

    vendor = "the flag service"
