"""The encoder of the JSON API."""

import json
from typing import Any

from starlette.responses import JSONResponse


class Ascii(JSONResponse):
    """JSON in ASCII: foreign text always encodes, even a lone surrogate."""

    def render(self, content: Any) -> bytes:
        """Return the content as JSON."""
        # NaN and Infinity are no JSON: a browser would refuse the whole answer.
        return json.dumps(content, allow_nan=False, separators=(",", ":")).encode("ascii")
