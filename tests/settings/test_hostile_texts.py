"""`watchdog check` of configurations that no person would write: located mistakes and exit 2, or a valid file."""

import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.settings.hostile_texts import BASE, VALUES, hostile
from tests.settings.texts import ALL_SECRETS, SMALL, refusals
from watchdog.cli import output
from watchdog.cli.main import main
from watchdog.domain.errors import ConfigurationError
from watchdog.settings.load.load import load

REFERENCE = (Path(__file__).parents[2] / "config" / "watchdog.yaml").read_text(encoding="utf-8")
SECONDS_MAX = 2.0
"""Of the processor, for one file; the largest there may be takes half of it."""
LINES_MAX = 50
EXPLAINED = "Handbook: watchdog docs reference-configuration"

EVERYWHERE = """\
silences: [{{service: web, from: {0}, to: {0}, author: {0}, reason: {0}}}]
ack_holds: {0}
record: {{max: {0}, keep: {0}}}
budget: {{per_service_per_day: {0}}}
control: [{0}, {0}]
store: {0}
x: [{0}]
"""

Checked = Callable[[str], list[str]]


@pytest.fixture
def checked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Checked:
    """Return the function that reads a text as each command does, checks its end, and returns the printed mistakes."""
    path = tmp_path / "watchdog.yaml"

    def run(text: str) -> list[str]:
        path.write_text(text, encoding="utf-8", errors="surrogatepass")
        began, code = time.process_time(), output.DONE
        try:
            load(path, ALL_SECRETS, tmp_path)
            accepted = True
        except ConfigurationError as error:
            accepted, code = False, output.explain_error(error)
        assert time.process_time() - began <= SECONDS_MAX
        lines = capsys.readouterr().err.splitlines()
        assert (code, bool(lines)) in ((output.DONE, False), (output.USAGE, True)) and len(lines) <= LINES_MAX
        located = [line for line in lines if re.match(r"watchdog\.yaml:\d+: ", line)]
        assert lines[len(located) :] == ([EXPLAINED] if 0 < len(located) < LINES_MAX else [])
        assert "canary" not in str(lines).lower(), "a value may be a secret"
        assert not accepted or refusals(text) == [], "the JSON Schema is never stricter than the configuration"
        return located

    return run


@pytest.mark.parametrize("first", [0, pytest.param(1000, marks=pytest.mark.nightly)])
def test_case_59_no_hostile_configuration_ends_in_a_traceback(first: int, checked: Checked) -> None:
    """250 with every commit; ten thousand at night, a tenth of them from the longest example."""
    for number in range(first, first + (200 if first == 0 else 9000)):
        assert checked(hostile(number)) is not None, number
    for number in range(1000 if first else 50):
        assert checked(hostile(number, REFERENCE)) is not None, number


def test_the_command_line_shows_them_and_ends_with_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "watchdog.yaml"
    path.write_text(SMALL + "ack_holds: 0x_\n", encoding="utf-8")
    assert main(["check", "-c", str(path)]) == 2
    said = capsys.readouterr()
    assert (said.out, said.err) == (
        "",
        f"watchdog.yaml:9: not a value YAML can read -> put it in quotes, or write another one\n{EXPLAINED}\n",
    )


def test_the_good_one_is_good(checked: Checked) -> None:
    """Else every mutant would be refused for the same reason."""
    assert checked(BASE) == []


def test_no_hostile_value_ends_in_a_traceback(checked: Checked) -> None:
    """Where a moment, a duration, a size, an address, a name or the version is expected; in a list, as a key."""
    for value in VALUES:
        checked(SMALL.replace("https://www.acme.example", value).replace("srv-web", value) + EVERYWHERE.format(value))
        checked(SMALL.replace("console: {}", value).replace("version: 1", f"version: {value}") + f"{value}: 1\n")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (SMALL + "digest: {every: 2027-02-31, tell: []}\n", "watchdog.yaml:9: not a value YAML can read"),
        (SMALL + "ack_holds: 0x_\n", "watchdog.yaml:9: not a value YAML can read"),
        (SMALL + f"ack_holds:\n  {'9' * 5000}\n", "watchdog.yaml:10: not a value YAML can read"),
        (SMALL + f"budget:\n  per_service_per_day: 0x{'f' * 5000}\n", "watchdog.yaml:10: a number with too many"),
        (SMALL + f"x: {'[' * 500}{']' * 500}\n", "watchdog.yaml:9: nested too deeply"),
        (SMALL + "x: &x\n  <<: *x\n", "watchdog.yaml:9: nested too deeply"),
        (SMALL + f"x: {'a' * 9000}\n", "watchdog.yaml:9: a value of more than 8192 letters"),
        (SMALL + f"record:\n  max: {'9' * 400}GiB\n", "watchdog.yaml:10: record.max: not a size"),
        (SMALL + 'store: "sqlite:///a\\0b"\n', "watchdog.yaml:9: store: not a store"),
    ],
)
def test_the_mistake_stands_where_it_was_made(text: str, place: str, checked: Checked) -> None:
    (line,) = checked(text)
    assert line.startswith(place)


@pytest.mark.parametrize("port", [0, 65536, 99999])
@pytest.mark.parametrize(
    "more",
    [
        "control: ['https://acme.example:{}']\n",
        "endpoints: {{render: 'https://acme.example:{}'}}\n",
        "metrics: {{remote_write: 'https://acme.example:{}/push'}}\n",
        "store: postgresql://acme.example:{}/watchdog\n",
        "vendor_status: {{acme: 'https://acme.example:{}/'}}\n",
    ],
)
def test_ports_that_there_cannot_be_are_refused(port: int, more: str, checked: Checked) -> None:
    """A connection to one would raise where none is expected."""
    (line,) = checked(SMALL + more.format(port))
    assert "not a port -> write a number from 1 to 65535" in line


@pytest.mark.parametrize(
    ("many", "first", "number"),
    [
        (SMALL + "".join(f"k{one}: 1\n" for one in range(9000)), "watchdog.yaml:9: k0: unknown key", 9000),
        (SMALL + "metrics:\n" + "".join(f"  k{one}: 1\n" for one in range(9000)), "watchdog.yaml:10: metrics.k0", 9000),
        (SMALL + "k: 1\n" * 9000, "watchdog.yaml:10: k: written twice", 9000),
        (SMALL + "".join(f"{one}: 1\n" for one in range(9000)), "watchdog.yaml:9: top level: a key must be text", 9000),
        (
            SMALL + f"x: [{', '.join(f'xoxb-{one}' for one in range(9000))}]\n",
            "watchdog.yaml:9: x[0]: looks like",
            9001,
        ),
    ],
)
def test_thousands_of_mistakes_are_counted(many: str, first: str, number: int, checked: Checked) -> None:
    lines = checked(many)
    assert lines[0].startswith(first) and len(lines) == LINES_MAX
    assert f"and {number - LINES_MAX + 1} more mistakes -> correct those above first" in lines[-1]
