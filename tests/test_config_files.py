"""The files in config/: the reference names every option and is valid, the minimal one is what users copy.

Options that all probes share need to stand there once.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel

from tests.settings.texts import ALL_SECRETS, SMALL, loaded
from watchdog.adapters.notifiers import NOTIFIERS
from watchdog.adapters.signals import SIGNALS
from watchdog.adapters.signals.options import ProbeOptions
from watchdog.domain.policy import BlameWeights, Brakes, Budget, Detection, Mode, Pace, Stakeholders, Verification
from watchdog.domain.severity import Severity
from watchdog.settings import SECRET_NAMES, Settings
from watchdog.settings.load.load import load
from watchdog.settings.schema.console_schema import StatusPageShape
from watchdog.settings.schema.schema import (
    ContactShape,
    DependencyShape,
    GateShape,
    ServiceShape,
    Shape,
    StakeholdersShape,
)
from watchdog.settings.text.validation import keys_at
from watchdog.settings.text.yaml_document import Document, parse

CONFIG = Path(__file__).parent.parent / "config"
REFERENCE = (CONFIG / "watchdog.yaml").read_text(encoding="utf-8")
MINIMAL = (CONFIG / "minimal.yaml").read_text(encoding="utf-8")
SECTIONS = (
    *(
        "policy",
        "budget",
        "brakes",
        "good_news",
        "announcements",
        "digest",
        "metrics",
        "console",
        "follow_ups",
        "drill",
        "endpoints",
    ),
    *("log", "record", "advanced"),
)


@pytest.fixture(scope="module")
def reference() -> Settings:
    """The reference, loaded as it stands."""
    return load(CONFIG / "watchdog.yaml", ALL_SECRETS, CONFIG)


def test_the_minimal_file_is_eleven_lines_and_loads_with_three_secrets() -> None:
    """And needs exactly these three."""
    assert len(MINIMAL.splitlines()) == 11
    three = ("WATCHDOG_SLACK_WEBHOOK_URL", "WATCHDOG_PAGERDUTY_ROUTING_KEY", "WATCHDOG_SENTRY_TOKEN")
    settings = loaded(MINIMAL, {name: ALL_SECRETS[name] for name in three})
    assert settings.policy.services["web"].mode is Mode.OBSERVE
    assert [signal.kind for signal in settings.policy.services["web"].signals] == ["http", "latency", "sentry"]
    assert list(settings.channels) == ["slack", "pagerduty"]
    assert settings.vendors.keys() == {"render", "sentry"}


def test_the_reference_is_valid_as_it_stands(reference: Settings) -> None:
    """With every secret set, and without a warning."""
    assert reference.warnings == ()
    assert {mode.value for mode in (service.mode for service in reference.policy.services.values())} >= {"autonomous"}


def test_the_statistics_in_the_reference_are_the_shipped_ones(reference: Settings) -> None:
    """A changed default changes the reference, or this fails."""
    policy = reference.policy
    assert (policy.budget, policy.brakes, policy.detection) == (Budget(), Brakes(), Detection())
    assert (policy.blame, policy.pace, policy.verification) == (BlameWeights(), Pace(), Verification())


def test_defaults_in_the_reference_are_the_shipped_ones(reference: Settings) -> None:
    """Where a value may be left out, leaving it out means what the reference says."""
    plain = loaded(SMALL)
    assert reference.endpoints == plain.endpoints
    assert reference.log == plain.log
    assert reference.console.model_copy(update={"url": None, "proxy": None, "oidc": None}) == plain.console
    assert reference.remind == plain.remind
    assert reference.policy.control == plain.policy.control
    assert (reference.metrics.host, reference.metrics.port) == (plain.metrics.host, plain.metrics.port)
    assert reference.metrics.every == plain.metrics.every
    assert _without_tell(reference) == _without_tell(plain)
    channels = tuple(name for name in reference.channels if "-" not in name)
    theirs = {"lead-email", "lead-slack", "devops-email", "board-email", "board-slack", "board-webhook"}
    assert set(reference.channels) - set(channels) == theirs
    kept = list(reference.policy.escalation)
    assert (*kept, reference.policy.ack_holds_seconds) == (*plain.policy.escalation, plain.policy.ack_holds_seconds)
    assert reference.policy.matrix[Severity.HIGH].tell == tuple(name for name in channels if name != "tickets")
    assert reference.policy.matrix[Severity.MEDIUM].tell == tuple(name for name in channels if name != "pagerduty")


def test_stakeholders_and_contacts_in_the_reference_say_every_option(reference: Settings) -> None:
    """Each key of theirs stands there once at least; what is not marked as an example is the default."""
    document = parse(REFERENCE, "watchdog.yaml")
    for section, shape in (("stakeholders", StakeholdersShape), ("contacts", ContactShape)):
        written = {key for name in document.keys(section) for key in document.keys(section, name)}
        assert set(shape.model_fields) == written
    (board,) = reference.policy.stakeholders
    assert board == Stakeholders("board", ("board-slack", "board-email", "board-webhook"), zone="Europe/Berlin")


def _without_tell(settings: Settings) -> dict[Severity, tuple[object, object]]:
    return {severity: (rule.do, rule.within_seconds) for severity, rule in settings.policy.matrix.items()}


LEFT_OUT = (
    {("policy.low", key) for key in ("within", "tell", "remind", "then", "approver", "window")}
    | {("policy.medium", key) for key in ("remind", "then", "approver", "window")}
    | {("policy.critical", "window")}
)


def test_every_option_stands_in_the_reference() -> None:
    """Of the file, of each section, of each kind of signal and channel."""
    document = parse(REFERENCE, "watchdog.yaml")
    missing = [f"{place}: {key}" for place, key in _options() if not _stands(document, place, key)]
    assert missing == []


def _options() -> Iterator[tuple[str, str]]:
    """Return every option there is, with the place where it is written."""
    yield from (("", key) for key in keys_at(Shape, ()))
    for section in SECTIONS:
        yield from _below(Shape, section)
    yield from (("services.*", key) for key in keys_at(ServiceShape, ()))
    yield from (("services.*.gate", key) for key in keys_at(GateShape, ()))
    yield from (("dependencies.*", key) for key in keys_at(DependencyShape, ()))
    yield from (("status_pages.*", key) for key in keys_at(StatusPageShape, ()))
    for kind, signal in SIGNALS.items():
        for key in keys_at(signal.options, ()):
            shared = key in keys_at(ProbeOptions, ())
            yield "services.*.signals.*" + ("" if shared else f"[{kind}]"), key
    for name, notifier in NOTIFIERS.items():
        yield "channels", name
        yield from ((f"channels.{name}", key) for key in keys_at(notifier.options, ()))


def _below(model: type[BaseModel], *path: str) -> Iterator[tuple[str, str]]:
    for key in keys_at(model, path):
        yield ".".join(path), key
        yield from _below(model, *path, key)


def _stands(document: Document, place: str, key: str) -> bool:
    """Tell whether the key is written there; a row may leave out what only a question, or no note, has."""
    if (place, key) in LEFT_OUT:
        return True
    place, _, kind = place.partition("[")
    wanted = [part for part in place.split(".") if part]
    for path in document.lines:
        head = path[:-1]
        if path[-1:] != (key,) or len(head) != len(wanted):
            continue
        parent = document.at(head)
        if all(want in ("*", part) for want, part in zip(wanted, head, strict=True)) and (
            not kind or kind.rstrip("]") in (parent or {})
        ):
            return True
    return False


def test_every_option_is_explained() -> None:
    """On its line, or on the comment lines around it."""
    silent = [
        line.strip()
        for line in REFERENCE.splitlines()
        if re.match(r" *[a-z_0-9]+:( |$)", line) and "#" not in line and not _is_a_name(line)
    ]
    assert silent == []


def _is_a_name(line: str) -> bool:
    """A mapping's name of the user's own, or one that only holds others."""
    return line.rstrip().endswith(":")


def test_every_secret_is_listed_in_the_reference() -> None:
    """And in no value."""
    assert [name for name in SECRET_NAMES if f"#   {name} " not in REFERENCE] == []
    assert "WATCHDOG_CONFIG_YAML" in REFERENCE


def test_both_files_fit_the_line() -> None:
    """They are read in a terminal."""
    for text in (REFERENCE, MINIMAL):
        assert max(map(len, text.splitlines())) <= 140


def test_options_shown_without_a_word_are_the_defaults(reference: Settings) -> None:
    """A line whose comment says neither `example` nor `default` shows the shipped value."""
    lines, document = REFERENCE.splitlines(), parse(REFERENCE, "watchdog.yaml")
    compared = 0
    for service, parts in reference.services.items():
        for name, (_, options) in parts.signals.items():
            for field, info in type(options).model_fields.items():
                line = document.lines.get(("services", service, "signals", name, info.alias or field))
                if line is None or re.search("example|default:", lines[line - 1]):
                    continue
                assert getattr(options, field) == info.get_default(call_default_factory=True), lines[line - 1]
                compared += 1
    assert compared > 10
