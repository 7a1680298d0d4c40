"""How the JSON API writes its answers."""

import json
from typing import Any

from starlette.responses import JSONResponse


class Ascii(JSONResponse):
    """JSON in ASCII: no text of a stranger, not even half a character, can then fail to be written."""

    def render(self, content: Any) -> bytes:
        """Return the content as JSON."""
        return json.dumps(content, allow_nan=False, separators=(",", ":")).encode("ascii")
