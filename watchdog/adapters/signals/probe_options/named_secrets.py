"""The secrets that a probe sends to the site: `${WATCHDOG_PROBE_KEY}` in a text stands for that variable.

Rule: only variables of this family can be named, so that no configuration can send the watchdog's own keys to a site.
What a site sends back of it is taken out of each text that people read (`adapters/redactor.py`).
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from watchdog.adapters.options import Options

FAMILY = "WATCHDOG_PROBE_"
VARIABLE = re.compile(rf"{FAMILY}[A-Z0-9_]{{1,40}}")
PLACE = re.compile(r"\$\{([A-Z_][A-Z0-9_]*)\}")
"""The place of a secret in a text. Other texts in braces stay as they are: they may belong to the site's language."""
ANY_PLACE = re.compile(r"\$\{([A-Z_][A-Z0-9_]*|[a-z][a-z0-9_]{0,39})\}")
"""The same, or the place of a value that a journey carries on, whose name is in small letters."""


def check_places(text: str) -> str:
    """Return the text if each place in it names a variable of the family. Raises ValueError with the form to write."""
    for name in PLACE.findall(text):
        if not VARIABLE.fullmatch(name):
            raise ValueError(
                f"names a variable that no probe may send: write ${{{FAMILY}KEY}}, with a name of your own for KEY"
            )
    return text


def only_a_place(text: str) -> str:
    """Return the text if it is one place and no more. Raises ValueError with the form to write."""
    if not PLACE.fullmatch(text):
        raise ValueError(
            f'a key never stands in this file: write "${{{FAMILY}KEY}}", with a name of your own for KEY, '
            "and set that variable"
        )
    return check_places(text)


def texts_of(value: Any) -> Iterator[str]:
    """Yield every text of a value of JSON; also its keys."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from (*texts_of(key), *texts_of(item))
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from texts_of(item)


def names_in(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the variables that the texts name, each once."""
    return tuple(dict.fromkeys(name for text in texts for name in PLACE.findall(text)))


def filled(value: Any, values: Mapping[str, str]) -> Any:
    """Return a value of JSON with the values in their places; a secret that is not set leaves nothing there."""
    if isinstance(value, str):
        # All in one pass: a word that the site chose may look like the place of a secret.
        return ANY_PLACE.sub(lambda place: values.get(place[1], place[0] if place[1].islower() else ""), value)
    if isinstance(value, dict):
        return {filled(key, values): filled(item, values) for key, item in value.items()}
    return [filled(item, values) for item in value] if isinstance(value, (list, tuple)) else value


class NamesSecrets(Options):
    """Options whose texts may name secrets."""

    @property
    def variables(self) -> tuple[str, ...]:
        """Return the variables that they name, whose values are sent."""
        return tuple(dict.fromkeys(name for names in self.variables_by_key.values() for name in names))

    @property
    def variables_by_key(self) -> Mapping[str, tuple[str, ...]]:
        """Return the variables that each key of the configuration names."""
        return {key: found for key, value in self.written().items() if (found := names_in(texts_of(value)))}

    def written(self) -> Mapping[str, Any]:
        """Return what may name a variable, by its key."""
        return {}
