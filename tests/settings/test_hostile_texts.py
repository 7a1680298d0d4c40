"""`watchdog check` of configurations that no person would write: located mistakes and exit 2, or a valid file.

Ten thousand of them, with how many are still valid: pytest -m nightly -n 0 -s tests/settings/test_hostile_texts.py
"""

import re
import time
from dataclasses import dataclass
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage

import pytest
import yaml

from tests.handbook.blocks import blocks
from tests.handbook.test_blocks import whole
from tests.settings.hostile_texts import BASE, hostile
from tests.settings.hostile_values import CANARY, VALUES
from tests.settings.texts import ALL_SECRETS, SMALL, refusals
from tests.support.child_processes import python
from watchdog.cli import output
from watchdog.domain.errors import ConfigurationError
from watchdog.settings.load.load import load
from watchdog.settings.text.summary import report

REFERENCE = (Path(__file__).parents[2] / "config" / "watchdog.yaml").read_text(encoding="utf-8")
CONFIGURATIONS = [block for block in blocks("yaml") if "yaml" not in block.marks]
HANDBOOKS = (yaml.safe_dump(yaml.safe_load(whole(block)), sort_keys=False) for block in CONFIGURATIONS)
GOOD = (*(BASE,) * 8, REFERENCE, *dict.fromkeys(HANDBOOKS))
"""What is damaged: a short one with most keys, the longest example, those of the handbook."""
SECONDS_MAX = 2.0
"""Of the processor, for one file; the largest there may be takes half of it."""
MIB_MAX = 64.0
"""So much more memory than before, for one file."""
LINES_MAX = 50
HANDBOOK = "Handbook: watchdog docs reference-"
FAULT = "by a fault of the watchdog"

EVERYWHERE = """\
silences: [{{service: web, from: {0}, to: {0}, author: {0}, reason: {0}}}]
ack_holds: {0}
record: {{max: {0}, keep: {0}}}
budget: {{per_service_per_day: {0}}}
control: [{0}, {0}]
store: {0}
x: [{0}]
"""


@dataclass
class Checked:
    """Checks files as the command does; counts those that are valid and those that are not."""

    path: Path
    capsys: pytest.CaptureFixture[str]
    valid: int = 0
    refused: int = 0
    seconds: float = 0.0
    mib: float = 0.0

    def __call__(self, text: str | bytes) -> list[str]:
        """Check a file, and how that ends; return the located mistakes."""
        data = text.encode() if isinstance(text, str) else text
        self.path.write_bytes(data)
        began, held = time.process_time(), most_memory_mib(anew=True)
        try:
            code, told = output.DONE, report(load(self.path, ALL_SECRETS, self.path.parent))
        except ConfigurationError as error:
            code, told = output.explain_error(error), ()
        seconds, mib = time.process_time() - began, most_memory_mib() - held
        assert seconds <= SECONDS_MAX and mib <= MIB_MAX, (seconds, mib)
        self.seconds, self.mib = max(self.seconds, seconds), max(self.mib, mib)
        located = located_mistakes(self.capsys.readouterr().err, code)
        # Shown by intent is a service's name at Render alone.
        assert "canary" not in str(told).replace(f"on Render ({CANARY})", "").lower()
        if located:
            self.refused += 1
        else:
            self.valid += 1
            assert refusals(data.decode("utf-8-sig")) == [], "the JSON Schema is never stricter than the configuration"
        return located

    def __str__(self) -> str:
        return (
            f"{self.refused} refused with located mistakes, {self.valid} still valid;"
            f" at most {self.seconds:.2f} s of the processor and {self.mib:.0f} MiB for one"
        )


def located_mistakes(said: str, code: int) -> list[str]:
    """Return the located mistakes of what was said on stderr, and see that there is nothing else."""
    lines = said.splitlines()
    assert (code, bool(lines)) in ((output.DONE, False), (output.USAGE, True)) and len(lines) <= LINES_MAX, said[:2000]
    located = [line for line in lines if re.match(r"watchdog\.yaml:\d+: ", line)]
    others = [line for line in lines[len(located) :] if not line.startswith(HANDBOOK)]
    assert not others and bool(located) == bool(lines), said[:2000]
    assert FAULT not in said and "canary" not in said.lower(), "ours, or a value that may be a secret"
    return located


def most_memory_mib(*, anew: bool = False) -> float:
    """Return how much memory this process had at most; anew: from now on."""
    if anew:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


@pytest.fixture
def checked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Checked:
    return Checked(tmp_path / "watchdog.yaml", capsys)


def play(numbers: range, checked: Checked) -> None:
    """Check those files: most are refused, and some are still valid."""
    for number in numbers:
        assert checked(hostile(number, GOOD[number // 4 % len(GOOD)])) is not None, number
    assert checked.valid > 0 and checked.refused > len(numbers) / 2


def test_case_59_no_hostile_configuration_ends_in_a_traceback(checked: Checked) -> None:
    """In a few lines, soon, and with little memory, each mistake has its place."""
    play(range(250), checked)


@pytest.mark.nightly
def test_case_59_ten_thousand_hostile_configurations(checked: Checked) -> None:
    """Others, and how many of them are still valid."""
    play(range(1000, 11_000), checked)
    with checked.capsys.disabled():
        print(f"\n{checked}")


@pytest.mark.nightly
def test_the_real_command_ends_with_located_mistakes(checked: Checked) -> None:
    """The same from processes of their own, as a user starts them."""
    for number in range(0, 400, 2):
        checked.path.write_bytes(hostile(number, GOOD[number // 4 % len(GOOD)]))
        before = getrusage(RUSAGE_CHILDREN)
        done = python("-m", "watchdog", "check", cwd=checked.path.parent, **ALL_SECRETS)
        after = getrusage(RUSAGE_CHILDREN)
        located_mistakes(done.stderr, done.returncode)
        assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime <= SECONDS_MAX, number


@pytest.mark.parametrize("good", [*dict.fromkeys(GOOD)])
def test_the_good_ones_are_good(good: str, checked: Checked) -> None:
    """Else every mutant of one would be refused for the same reason."""
    assert checked(good) == []


def test_no_hostile_value_ends_in_a_traceback(checked: Checked) -> None:
    """Where a moment, a duration, a size, an address, a name or the version is expected; in a list, as a key."""
    for value in VALUES:
        checked(SMALL.replace("https://www.acme.example", value).replace("srv-web", value) + EVERYWHERE.format(value))
        checked(SMALL.replace("console: {}", value).replace("version: 1", f"version: {value}") + f"{value}: 1\n")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (SMALL + "digest: {every: 2027-02-31, tell: []}\n", "watchdog.yaml:9: not a value YAML can read"),
        (SMALL + "ack_holds: 0x_\n", "watchdog.yaml:9: not a value YAML can read -> put it in quotes, or write"),
        (SMALL + f"ack_holds:\n  {'9' * 5000}\n", "watchdog.yaml:10: not a value YAML can read"),
        (SMALL + f"budget:\n  per_service_per_day: 0x{'f' * 5000}\n", "watchdog.yaml:10: a number with too many"),
        (SMALL + f"x: {'[' * 500}{']' * 500}\n", "watchdog.yaml:9: nested too deeply"),
        (SMALL + "x: &x\n  <<: *x\n", "watchdog.yaml:9: nested too deeply"),
        (f"{SMALL}x: {{a: 1\n# {'{' * 100_000}\n", "watchdog.yaml:9: not valid YAML: the { that begins here"),
        (SMALL + f"x: {'a' * 9000}\n", "watchdog.yaml:9: a value of more than 8192 letters"),
        (SMALL + f"record:\n  max: {'9' * 400}GiB\n", "watchdog.yaml:10: record.max: not a size"),
        (SMALL + 'store: "sqlite:///a\\0b"\n', "watchdog.yaml:9: store: not a store"),
        (
            SMALL.replace("https://www.acme.example", '"https://a[b"'),
            "watchdog.yaml:6: services.web.signals.home.http: not a URL",
        ),
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
