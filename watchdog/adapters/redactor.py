"""Takes known secrets out of foreign texts: who was sent one may send it back, in an answer or in an error."""

import base64
import json
import re
from collections.abc import Iterable, Iterator

SECRET_MIN = 4
"""Characters; a shorter one could not be taken out of logs without harming ordinary words."""
HIDDEN = "***"


class Redactor:
    """Takes secrets out of a text: as they are, as an address or JSON holds them, and in base64 by themselves."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        # The longest first: a secret may be the beginning of another one.
        usable = sorted({one for one in secrets if len(one) >= SECRET_MIN}, key=len, reverse=True)
        found = "|".join(form for secret in usable for form in _forms(secret))
        self._pattern = re.compile(found) if found else None

    def __call__(self, text: str) -> str:
        """Return the text with `***` in the place of each."""
        return text if self._pattern is None else self._pattern.sub(HIDDEN, text)

    def __repr__(self) -> str:
        return "Redactor()"


def _forms(secret: str) -> Iterator[str]:
    """Yield patterns of the forms that a secret may come back in."""
    yield "".join(map(_in_an_address, secret))
    yield re.escape(json.dumps(secret)[1:-1])
    coded = base64.b64encode(secret.encode()).decode().rstrip("=")
    yield from map(re.escape, (coded, coded.translate(str.maketrans("+/", "-_"))))


def _in_an_address(letter: str) -> str:
    """Return the pattern of a letter as it is, or percent-encoded: programs differ in which letters they encode."""
    encoded = "".join(f"%{byte:02x}" for byte in letter.encode(errors="surrogatepass"))
    space = r"|\+" if letter == " " else ""
    return f"(?:{re.escape(letter)}|(?i:{encoded}){space})"
