"""The severity matrix: merged over the runbook's, and never absurd."""

import pytest

from tests.settings.texts import MAILED, SMALL, loaded, shown
from watchdog.domain.policy import Action, Approver, Then, Weekly, Window
from watchdog.domain.severity import Severity

PAGED = SMALL + "  pagerduty: {}\n"
SECRET = {"WATCHDOG_PAGERDUTY_ROUTING_KEY": "x"}


TICKETED = SMALL + "  tickets: {github: acme/app}\n"
TOKEN = {"WATCHDOG_GITHUB_TOKEN": "x"}


def test_tickets_are_for_medium_unless_there_is_nothing_else() -> None:
    """Nothing urgent becomes a ticket, nor a failure of the watchdog itself; unless the user lists it."""
    policy = loaded(TICKETED, TOKEN).policy
    assert policy.matrix[Severity.CRITICAL].tell == policy.matrix[Severity.HIGH].tell == ("console",)
    assert policy.matrix[Severity.MEDIUM].tell == ("console", "tickets") and policy.alerts == ("console",)
    low = loaded(TICKETED + "policy: {low: {do: tell}, high: {tell: [tickets]}}", TOKEN).policy.matrix
    assert (low[Severity.LOW].tell, low[Severity.HIGH].tell) == (("console",), ("tickets",))
    settings = loaded(TICKETED.replace("  console: {}\n", ""), TOKEN)
    assert settings.policy.matrix[Severity.CRITICAL].tell == settings.policy.alerts == ("tickets",)
    assert any("tickets are the only channel" in warning for warning in settings.warnings)


@pytest.mark.parametrize(
    ("channels", "policy", "warned"),
    [
        ("", "", "the pages of critical and high"),
        ("  webhook: {}\n", "", None),
        ("  webhook: {}\n", "policy: {critical: {tell: [apprise, console]}}", "the pages of critical, and"),
        ("  tickets: {github: acme/app}\n", "policy: {high: {tell: [console]}}", "the pages of critical, and"),
    ],
)
def test_apprise_alone_for_a_page_is_a_warning(channels: str, policy: str, warned: str | None) -> None:
    """Tickets and the console wake no one, so they do not count beside it."""
    secrets = {**TOKEN, "WATCHDOG_APPRISE_URLS": "mmosts://a/b", "WATCHDOG_WEBHOOK_URL": "https://hooks.example/x"}
    found = [one for one in loaded(f"{SMALL}  apprise: {{}}\n{channels}{policy}", secrets).warnings if "apprise" in one]
    assert (warned is None and not found) or (warned is not None and warned in found[0])


@pytest.mark.parametrize("severity", [Severity.HIGH, Severity.MEDIUM, Severity.LOW])
def test_a_ticket_is_told_where_tickets_are_kept_too(severity: Severity) -> None:
    """As medium by default: no page. The user may name fewer channels, but not leave the ticket out."""
    text = TICKETED + "  pagerduty: {}\n" + f"policy: {{{severity}: {{do: ticket}}}}\n"
    row = loaded(text, TOKEN | SECRET).policy.matrix[severity]
    assert (row.do, row.tell) == (Action.TICKET, ("console", "tickets"))
    alone = loaded(TICKETED + "policy: {medium: {do: ticket, tell: [tickets], within: 2h}}\n", TOKEN).policy.matrix
    assert (alone[Severity.MEDIUM].tell, alone[Severity.MEDIUM].within_seconds) == (("tickets",), 7200.0)
    said = shown(TICKETED + "policy: {low: {do: ticket, remind: 1m}}\n", TOKEN)
    assert "policy.low.remind: impossible: no question is asked with do: ticket -> remove it" in said
    said = shown(TICKETED + "policy: {medium: {do: ticket, tell: [console]}}\n", TOKEN)
    assert said.startswith("watchdog.yaml:10: policy.medium.tell: impossible: it leaves the ticket out -> add tickets,")


def test_who_is_told_by_default_and_an_omitted_key_keeps_its_default() -> None:
    """All people for a bad failure; no page for a lesser one; notes are only written down."""
    matrix = loaded(PAGED, SECRET).policy.matrix
    assert matrix[Severity.CRITICAL].tell == ("console", "pagerduty")
    assert matrix[Severity.HIGH].tell == ("console", "pagerduty")
    assert matrix[Severity.MEDIUM].tell == ("console",) and matrix[Severity.LOW].tell == ()
    text = PAGED + "policy: {critical: {tell: [console]}, high: {within: 20m}, low: {do: tell}}\n"
    matrix = loaded(text, SECRET).policy.matrix
    assert matrix[Severity.CRITICAL].do is Action.ROLLBACK and matrix[Severity.CRITICAL].within_seconds == 300.0
    assert matrix[Severity.CRITICAL].tell == ("console",) and matrix[Severity.HIGH].within_seconds == 1200.0
    assert matrix[Severity.LOW].tell == ("console",)


LEAD = "contacts: {lead: {answers_as: [U0AAA, ann]}, boss: {answers_as: [terminal:boss]}}\n"


def test_who_alone_may_approve() -> None:
    """A contact, under its identities; wherever people are asked. By default there is no such approver."""
    text = (
        SMALL + LEAD + "policy: {critical: {approver: boss}, high: {approver: lead}, medium: {do: ask, approver: lead}}"
    )
    matrix = loaded(text).policy.matrix
    lead = Approver("lead", ("slack:U0AAA", "token:ann", "terminal:ann"))
    assert (matrix[Severity.HIGH].approver, matrix[Severity.MEDIUM].approver) == (lead, lead)
    assert matrix[Severity.CRITICAL].approver == Approver("boss", ("terminal:boss",))
    assert all(rule.approver is None for rule in loaded(SMALL + LEAD).policy.matrix.values())


NIGHTS = "windows: {nights: Mon-Sun 02:00-04:00 Europe/Berlin}\n"
SCHEDULED = "policy: {high: {do: schedule, window: nights}}\n"
APPROVED = "policy: {high: {approver: bos}}\n"
UNKEPT = "impossible: no channel keeps tickets"
WAITS = "impossible: a yes waits for its window, and no answer would not"


def test_a_yes_may_be_kept_for_a_window() -> None:
    rows = "{do: schedule, window: nights, approver: boss, remind: 5m}"
    matrix = loaded(SMALL + LEAD + NIGHTS + f"policy: {{high: {rows}, medium: {rows}}}\n").policy.matrix
    nights = Window("nights", Weekly(tuple(range(7)), 120, 240, "Europe/Berlin"))
    for severity in (Severity.HIGH, Severity.MEDIUM):
        row = matrix[severity]
        assert (row.do, row.window, row.remind_seconds) == (Action.SCHEDULE, nights, 300.0)
        assert row.approver is not None and row.approver.name == "boss"
    assert matrix[Severity.HIGH].within_seconds == 900.0 and matrix[Severity.HIGH].tell == ("console",)


def test_the_clock_of_a_question() -> None:
    """High is asked again at 10 min, unless the deadline comes before; the user sets the result without an answer."""
    shipped = loaded(PAGED, SECRET).policy.matrix
    assert (shipped[Severity.HIGH].remind_seconds, shipped[Severity.HIGH].then) == (600.0, Then.ESCALATE)
    assert (shipped[Severity.CRITICAL].remind_seconds, shipped[Severity.CRITICAL].then) == (None, Then.ESCALATE)
    text = PAGED + "policy: {critical: {remind: 2m, then: nothing}, high: {within: 10m, then: rollback}}\n"
    matrix = loaded(text, SECRET).policy.matrix
    assert (matrix[Severity.CRITICAL].remind_seconds, matrix[Severity.CRITICAL].then) == (120.0, Then.NOTHING)
    assert (matrix[Severity.HIGH].remind_seconds, matrix[Severity.HIGH].then) == (None, Then.ROLLBACK)


@pytest.mark.parametrize(
    ("policy", "says"),
    [
        ("low: {do: rollback}", "low.do: impossible: low never asks for rollback -> write one of: tell, ticket, note"),
        ("medium: {do: rollback}", "medium.do: impossible: medium never asks for rollback"),
        ("critical: {do: note}", "critical.do: impossible: critical never asks for note"),
        ("critical: {do: ask}, high: {do: rollback}", "high.do: impossible: high would rollback"),
        ("critical: {do: tell}", "critical.do: impossible: high would ask where critical would only tell"),
        ("high: {do: note}", "high.do: impossible: medium would tell where high would only note"),
        ("low: {within: 1h}", "low.within: impossible: a note has no deadline"),
        ("low: {tell: [console]}", "low.tell: impossible: a note is sent to no channel"),
        ("critical: {tell: []}", "critical.tell: impossible: no channel for do"),
        ("critical: {tell: [consol]}", "critical.tell[0]: names no configured channel -> did you mean console?"),
        ("critical: {tell: [slack]}", "critical.tell[0]: names no configured channel"),
        ("critical: {tell: [console, console]}", "critical.tell[1]: names a channel twice"),
        ("medium: {do: escalate}", "medium.do: not available in this version -> write one of: rollback, ask,"),
        ("medium: {do: ticket}", f"medium.do: {UNKEPT} -> add tickets: {{github: owner/name}} under channels:, or"),
        ("medium: {do: ticket}", "under channels:, or write do: tell"),
        ("critical: {do: ticket}", "critical.do: impossible: critical never asks for ticket"),
        ("medium: {do: ask}, high: {do: ticket}", f"high.do: {UNKEPT}"),
        ("high: {approver: lead}", "high.approver: names no contact -> add them under contacts:"),
        ("medium: {approver: lead}", "medium.approver: impossible: no question is asked with do: tell -> remove it"),
        ("high: {approver: [lead]}", "high.approver: wrong type"),
        ("high: {then: rolback}", "high.then: not one of the choices -> write one of: escalate, rollback, nothing"),
        ("high: {remind: 15m}", "high.remind: impossible: it must come before the deadline"),
        ("medium: {remind: 1m}", "medium.remind: impossible: no question is asked with do: tell -> remove it"),
        ("low: {then: nothing}", "low.then: impossible: no question is asked with do: note -> remove it"),
        ("medium: {do: ask, then: rollback}", "medium.then: impossible: medium is never rolled back without"),
        ("hihg: {}", "hihg: unknown key -> did you mean high?"),
        ("high: {within: 15}", "high.within: a duration needs a unit -> write 15s"),
        ("high: {do: schedule}", "high.do: impossible: it says for which window -> add window: NAME"),
        ("high: {do: schedule, window: night}", "high.window: names no window -> did you mean nights?"),
        ("high: {window: nights}", "high.window: impossible: do: ask waits for none -> remove it, or do: schedule"),
        ("low: {do: schedule, window: nights}", "low.do: impossible: low never asks for schedule"),
        ("critical: {do: schedule, window: nights}", "critical.do: impossible: critical never asks for schedule"),
        ("high: {do: schedule, window: nights, then: rollback}", f"high.then: {WAITS} -> write escalate or"),
        ("medium: {do: ask}, high: {do: schedule, window: nights}", "medium.do: impossible: medium would ask where "),
        ("medium: {do: ask}, high: {do: schedule, window: nights}", "where high would only schedule"),
    ],
)
def test_absurd_policies_are_one_mistake_each(policy: str, says: str) -> None:
    text = shown(SMALL + NIGHTS + f"policy: {{{policy}}}\n")
    assert text.startswith("watchdog.yaml:10: policy.") and says in text and "\n" not in text


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (SCHEDULED, "policy.high.window: names no window -> add windows: {nights: "),
        (SCHEDULED + "windows: {nights: at night}", "windows.nights: not hours -> write Mon-Fri 09:00-18:00 Europe/"),
        (SCHEDULED + "windows: {nights: always}", "windows.nights: not hours"),
        (SCHEDULED + NIGHTS.replace("}", ", 'a b': Mon 02:00-04:00 UTC}"), "windows.a b: not a name we can use"),
        ("contacts: {boss: {answers_as: [ann]}}\n" + APPROVED, "names no contact -> did you mean boss?"),
        ("contacts: {bos: {email: a@acme.example}}\n" + APPROVED, "no identity maps to bos, so no approval could"),
    ],
)
def test_a_window_or_an_approver_that_cannot_be_is_one_mistake(more: str, says: str) -> None:
    """At its own line, which is the last; no person could ever approve."""
    text = shown(MAILED + more.rstrip() + "\n")
    assert text.startswith(f"watchdog.yaml:{10 + more.rstrip().count(chr(10))}: ")
    assert says in text and "\n" not in text
