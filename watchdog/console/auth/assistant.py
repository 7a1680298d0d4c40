"""An assistant: a program for which people answer a question, each with a code that only they are shown.

Rule 1: its token reads as a viewer's does. It answers a question with a code alone; it logs in to no page.
Rule 2: a code is shown on the incident's page to a person who may give that answer, and stands in no JSON: nothing that
an assistant can ask for holds it.
Rule 3: a code is bound to the answer, the incident, the question (suspect, target, its moment) and the person. It names
that person, who counts as the author. The key is made of secrets that no assistant has.
Rule 4: token and codes are compared in constant time.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from watchdog.console.auth.roles import Visitor

CODE_MAX = 200
"""Characters of a code: the longest name, and the letters of its proof."""
PROOF_LETTERS = 8
"""Of 32 kinds, in two halves: a million million codes, of which some ten a minute are compared."""


@dataclass(frozen=True, slots=True)
class Assistant:
    """The token of assistants, and the key of the codes."""

    token: str = field(repr=False)
    key: bytes = field(repr=False)

    def owns(self, token: bytes) -> bool:
        """Return whether a bearer token is the assistants'."""
        return hmac.compare_digest(token, self.token.encode())

    def code(self, person: Visitor, command: str, incident: str, question: Mapping[str, Any]) -> str:
        """Return the code with which an assistant gives this answer to this question for this person."""
        name = person.identity or person.way.value
        return f"{name}/{self._proof(name, command, incident, question)}"

    def person_of(self, code: str, command: str, incident: str, question: Mapping[str, Any]) -> str | None:
        """Return the person (`oidc:ann`, or `token` without a name) whose code for this answer it is, else None."""
        name, _, proof = code.strip().rpartition("/")
        right = self._proof(name, command, incident, question)
        return name if hmac.compare_digest(proof.upper().encode(), right.encode()) else None

    def _proof(self, name: str, command: str, incident: str, question: Mapping[str, Any]) -> str:
        asked_at = question["asked_at"]
        # JSON keeps the parts apart. A moment is a float here, and may come as a whole number from elsewhere.
        moment = None if asked_at is None else float(asked_at)
        said = json.dumps([name, command, incident, question["suspect"], question["target"], moment])
        whole = base64.b32encode(hmac.new(self.key, said.encode(), hashlib.sha256).digest()).decode()
        return f"{whole[: PROOF_LETTERS // 2]}-{whole[PROOF_LETTERS // 2 : PROOF_LETTERS]}"
