"""The encoder of the JSON API, and its refusals."""

import json
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, Field
from starlette.responses import JSONResponse

from watchdog.docs.page_table import HELP
from watchdog.docs.places import API


class Ascii(JSONResponse):
    """JSON in ASCII: foreign text always encodes, even a lone surrogate."""

    def render(self, content: Any) -> bytes:
        """Return the content as JSON."""
        # NaN and Infinity are no JSON: a browser would refuse the whole answer.
        return json.dumps(content, allow_nan=False, separators=(",", ":")).encode("ascii")


class WrongField(BaseModel):
    """One mistake of a request."""

    type: str = Field(description="What kind of mistake it is.")
    loc: list[str | int] = Field(description="Where it is: body, query or path, and the name of the field.")
    msg: str = Field(description="What is expected.")


class Refusal(BaseModel):
    """The body of every refusal."""

    detail: str | list[WrongField] = Field(description="Why it is refused.")
    help: str = Field(description="The handbook's page about it, as a path of this console.")


def refusal(detail: Any, status: int, place: str = API, headers: Mapping[str, str] | None = None) -> Ascii:
    """Return a refusal with the handbook's page about it, as the terminal and Slack name it."""
    return Ascii({"detail": detail, "help": f"{HELP}{place}"}, status, headers)
