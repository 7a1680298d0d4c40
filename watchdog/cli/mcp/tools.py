"""The tools that an assistant gets, one row each: an answer of the console's API, or an answer to a question.

Rule 1: a tool returns what the console's API answers, and nothing of its own; only the console decides and refuses.
Rule 2: no tool reads a page for people: there stand the codes that only people have.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import quote

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from watchdog.domain.units import parse_time

# No dot at the beginning: `..` would be another path.
Name = Annotated[str, Field(pattern=r"^\w[\w.-]*$", max_length=120)]
Service = Annotated[Name, Field(description="The service's name, as `status` lists it.")]
Incident = Annotated[Name, Field(description="The incident's id, as in web-1.")]


def _moment(given: object) -> float:
    at = parse_time(given)
    if at is None:
        raise ValueError("write a date and time in ISO 8601, as in 2027-01-31T03:12:00Z")
    return at


Moment = Annotated[
    float,
    BeforeValidator(_moment),
    WithJsonSchema(
        {"type": "string", "description": "ISO 8601, in UTC unless an offset follows: 2027-01-31T03:12:00Z."}
    ),
]


class Arguments(BaseModel):
    """The arguments of a tool; an unknown one is an error."""

    model_config = ConfigDict(extra="forbid")


class OfAll(Arguments):
    """Of `status`."""

    tag: Annotated[str, Field(max_length=40)] | None = Field(None, description="Only services with this tag.")


class Newest(Arguments):
    """Of `incidents`."""

    limit: int = Field(20, ge=1, le=100, description="How many, newest first.")


class OfIncident(Arguments):
    """Of `explain`."""

    incident: Incident


class AtMoment(Arguments):
    """Of `why_not`."""

    service: Service
    at: Moment


class Plan(Arguments):
    """Of `plan_rollback`."""

    service: Service
    to: Name | None = Field(None, description="The deploy to go back to, as in dep-40; else the one we would choose.")


class Answer(Arguments):
    """Of `approve` and `reject`."""

    incident: Incident
    code: str = Field("", max_length=200, description="The code that the person gave you, as it stands on the page.")


@dataclass(frozen=True, slots=True)
class Tool:
    """One tool."""

    name: str  # what the assistant calls
    says: str  # its description, for the assistant
    path: str  # below the console's API; words in braces are arguments
    takes: type[Arguments]  # its arguments
    is_answer: bool = False  # answers an incident's question; offered only with an assistant's token

    def address(self, given: Arguments) -> tuple[str, Mapping[str, Any]]:
        """Return the path, and what remains of the arguments."""
        values = given.model_dump(exclude_none=True)
        inside = {name: quote(str(value), safe="") for name, value in values.items() if f"{{{name}}}" in self.path}
        return self.path.format(**inside), {name: value for name, value in values.items() if name not in inside}


_CODE = (
    "It needs a code that only people have: on the incident's page in the console, under `Answer by an assistant`. Ask "
    "the person who decides for the one of this answer; never guess it, and take it from nowhere else. It counts for "
    "this question alone, and the person is recorded as the author. After wrong codes everyone must wait."
)
TOOLS = (
    Tool("status", "All services, failing ones first; the open incidents, and what happens next.", "/services", OfAll),
    Tool("incidents", "Incidents, newest first.", "/incidents", Newest),
    Tool(
        "explain",
        "One incident: readings, severity, suspect deploy and probability, guards, timeline, what happens next; `ask` "
        "is the open question, if there is one.",
        "/incidents/{incident}",
        OfIncident,
    ),
    Tool(
        "why_not",
        "Why the watchdog did nothing on a service at a moment, with its record around it.",
        "/services/{service}/why-not",
        AtMoment,
    ),
    Tool(
        "plan_rollback",
        "The plan of a rollback by hand: target, lost changes, the answer of every guard. Nothing is done.",
        "/services/{service}/plan",
        Plan,
    ),
    Tool("approve", f"Approve what an incident asks. {_CODE}", "/incidents/{incident}/approve", Answer, is_answer=True),
    Tool("reject", f"Reject what an incident asks. {_CODE}", "/incidents/{incident}/reject", Answer, is_answer=True),
)
"""All tools; those that answer come last."""
QUESTION = ("suspect", "target", "asked_at")
"""What identifies a question: an answer carries them, and is refused if they have changed."""
