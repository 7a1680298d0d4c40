"""The places of secrets in a text, what stands in them, and that no text shows them again."""

import base64
import json
from urllib.parse import quote

import pytest

from watchdog.adapters.redactor import Redactor
from watchdog.adapters.signals.probe_options.named_secrets import (
    check_places,
    filled,
    names_in,
    only_a_place,
    texts_of,
)

SECRETS = {"WATCHDOG_PROBE_A": "first/one", "WATCHDOG_PROBE_B": 'second "two"'}


def test_places_are_filled_wherever_a_text_stands() -> None:
    """Of a variable that is not set nothing is sent; braces of another language stay."""
    value = {"${WATCHDOG_PROBE_A}": ["x ${WATCHDOG_PROBE_B}", 5, None, {"y": "${WATCHDOG_PROBE_C}${lower}"}]}
    assert names_in(texts_of(value)) == ("WATCHDOG_PROBE_A", "WATCHDOG_PROBE_B", "WATCHDOG_PROBE_C")
    assert filled(value, SECRETS) == {"first/one": ['x second "two"', 5, None, {"y": "${lower}"}]}


@pytest.mark.parametrize("text", ["${WATCHDOG_RENDER_API_KEY}", "${HOME}", "${WATCHDOG_PROBE_}", "${WATCHDOG_PROBE}"])
def test_only_the_secrets_of_probes_can_be_named(text: str) -> None:
    """A key of the watchdog's own must not reach a site by a line of the configuration."""
    with pytest.raises(ValueError, match="names a variable that no probe may send: write"):
        check_places(f"x {text}")
    with pytest.raises(ValueError, match="write"):
        only_a_place(text)
    assert check_places("${lower} $HOME {{x}}") == "${lower} $HOME {{x}}"
    with pytest.raises(ValueError, match="a key never stands in this file"):
        only_a_place("Bearer ${WATCHDOG_PROBE_A}")


def test_a_secret_is_taken_out_in_each_form_and_the_longer_one_first() -> None:
    one, two = SECRETS.values()
    hide = Redactor([one, two, f"{one}-and-more", "", "abc"])
    mixed = one.replace("/", "%2f").replace("o", "%6F")
    forms = [
        one,
        quote(one, safe=""),
        mixed,
        quote(two).replace("%20", "+"),
        json.dumps(two)[1:-1],
        base64.b64encode(two.encode()).decode().rstrip("="),
    ]
    for form in forms:
        assert hide(f"a {form} b") == "a *** b"
    assert hide(f"{one}-and-more") == "***" and hide("abc is too short to be told from words") != "***"
    assert Redactor()("as it is") == "as it is" and one not in repr(hide)
