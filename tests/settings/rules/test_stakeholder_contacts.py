"""Stakeholders in the configuration: their channels, their services, and contradictions."""

import pytest

from tests.settings.texts import BOT, CHATTING, SMALL, changed, loaded, shown
from watchdog.domain.policy import Stakeholders
from watchdog.domain.severity import Severity
from watchdog.settings.text.summary import report


def test_their_addresses_make_channels_that_are_told_of_nothing_else() -> None:
    """Several in one mail; the matrix, the escalation and our own alerts know nothing of them."""
    more = """\
stakeholders:
  board: {email: [board@acme.example, ceo@acme.example], slack: "#company"}
  sales: {email: sales@acme.example, services: [web], severity: critical, zone: Europe/Berlin}
"""
    settings = loaded(CHATTING + more, BOT)
    assert list(settings.channels) == ["console", "email", "slack", "board-slack", "board-email", "sales-email"]
    assert settings.channels["board-email"].options.to == ("board@acme.example", "ceo@acme.example")  # type: ignore[attr-defined]
    assert settings.channels["board-slack"].options.channel == "#company"  # type: ignore[attr-defined]
    assert settings.policy.stakeholders == (
        Stakeholders("board", ("board-slack", "board-email")),
        Stakeholders("sales", ("sales-email",), ("web",), Severity.CRITICAL, "Europe/Berlin"),
    )
    assert settings.policy.plain_channels == {"board-slack", "board-email", "sales-email"}
    told = {name for rule in settings.policy.matrix.values() for name in rule.tell} | set(settings.policy.alerts)
    assert told == {"console", "email", "slack"}
    lines = [line for line in report(settings) if line.startswith("stakeholders")]
    assert lines == [
        "stakeholders board: board-slack, board-email, of all services from high on, times in UTC",
        "stakeholders sales: sales-email, of web from critical on, times in Europe/Berlin",
    ]


def test_a_webhook_of_theirs_is_the_configured_one_and_their_slack_has_no_buttons() -> None:
    """With its body; a receiver hands it on to subscribers."""
    chatting = CHATTING.replace('"#incidents"', '"#incidents", approvals: {socket_mode: true, users: [U0AAA]}')
    theirs = 'stakeholders: {visitors: {webhook: true}, board: {slack: "#x"}}\n'
    text = f'{chatting}  webhook: {{body: {{text: "$title"}}}}\n{theirs}'
    secrets = {"WATCHDOG_WEBHOOK_URL": "https://subscribers.example/x", "WATCHDOG_SLACK_APP_TOKEN": "xapp-1"}
    settings = loaded(text, BOT | secrets)
    assert settings.channels["board-slack"].options.approvals is None  # type: ignore[attr-defined]
    assert settings.channels["visitors-webhook"] == settings.channels["webhook"]
    assert settings.policy.plain_channels == {"visitors-webhook", "board-slack"}
    assert settings.policy.stakeholders[0] == Stakeholders("visitors", ("visitors-webhook",))


def test_nobody_by_default_and_a_service_has_a_name_for_people() -> None:
    settings = loaded(CHATTING, BOT)
    assert settings.policy.stakeholders == () and settings.policy.plain_channels == frozenset()
    assert settings.policy.services["web"].title == ""
    assert not any("stakeholders" in line for line in report(settings))
    settings = loaded(changed("    render: srv-web\n", "    render: srv-web\n    title: '  The   shop '\n"))
    assert settings.policy.services["web"].title == "The shop"
    assert report(settings)[0].startswith("web: The shop; observe")


BOARD, MAIL = "stakeholders: {board: ", "email: a@acme.example"


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (BOARD + "{}}", "stakeholders.board: no way to reach them -> add one of: slack, email, webhook"),
        (BOARD + "{webhook: false}}", "stakeholders.board: no way to reach them -> add one of: slack, email, webhook"),
        (BOARD + "{webhook: true}}", "stakeholders.board.webhook: names no configured channel -> add webhook: under"),
        (BOARD + "{email: nobody}}", "stakeholders.board.email.to[0]: not an e-mail address"),
        (BOARD + "{email: []}}", "stakeholders.board.email: empty"),
        (BOARD + "{slack: company}}", "stakeholders.board.slack.channel: not a channel"),
        (BOARD + f"{{{MAIL}, services: [shop]}}}}", "stakeholders.board.services[0]: names no service -> "),
        (BOARD + f"{{{MAIL}, services: []}}}}", "stakeholders.board.services: not services -> write all, or a list"),
        (BOARD + f"{{{MAIL}, services: web}}}}", "stakeholders.board.services: not services -> write all"),
        (BOARD + f"{{{MAIL}, severity: bad}}}}", "stakeholders.board.severity: "),
        (BOARD + f"{{{MAIL}, zone: Mars}}}}", "stakeholders.board.zone: no such time zone -> write one as in"),
        (BOARD + "{phone: '1'}}", "stakeholders.board.phone: unknown key"),
        (f"stakeholders: {{slack: {{{MAIL}}}}}", "stakeholders.slack: already the name of a channel"),
        (f"contacts: {{x: {{{MAIL}}}}}\nstakeholders: {{x: {{{MAIL}}}}}", "stakeholders.x: already the name of a con"),
        (f"stakeholders: {{'a b': {{{MAIL}}}}}", "not a name we can use"),
        ("stakeholders: [board]", "stakeholders: "),
        ("policy: {high: {tell: [board-email]}}", "policy.high.tell[0]: names no configured channel"),
        ("escalation: [board-email]", "escalation[0]: names no contact, rotation or channel"),
    ],
)
def test_what_cannot_be_meant_is_one_mistake_each(more: str, says: str) -> None:
    """With its place, and the value to write instead; a name of theirs is used once, and is no engineers' channel."""
    text = shown(CHATTING + more + "\n", BOT)
    assert says in text and {line.partition(" ")[0] for line in text.splitlines()} == {text.partition(" ")[0]}


def test_without_the_channel_itself_there_is_no_server() -> None:
    said = shown(SMALL + "stakeholders: {board: {email: a@acme.example}}\n")
    assert "stakeholders.board.email: names no configured channel -> add email: under channels:" in said
    webhook = SMALL + "  slack: {}\nstakeholders: {board: {slack: '#company'}}\n"
    said = shown(webhook, {"WATCHDOG_SLACK_WEBHOOK_URL": "https://hooks.example/x"})
    assert "WATCHDOG_SLACK_BOT_TOKEN" in said


def test_a_service_that_keeps_alerts_is_no_way_to_reach_them() -> None:
    text = SMALL + "  webhook: {preset: opsgenie}\nstakeholders: {board: {webhook: true}}\n"
    variables = {"WATCHDOG_WEBHOOK_URL": "https://api.opsgenie.com/v2/alerts", "WATCHDOG_WEBHOOK_TOKEN": "canary-token"}
    assert "stakeholders.board.webhook: its preset opens alerts" in shown(text, variables)
    assert shown(text.replace("opsgenie", "discord"), variables) == ""


@pytest.mark.parametrize("title", ["'x\ty'", "' '", "'" + "x" * 61 + "'", "[a]"])
def test_a_name_that_nobody_could_read_is_a_mistake(title: str) -> None:
    text = changed("    render: srv-web\n", f"    render: srv-web\n    title: {title}\n")
    assert "services.web.title: " in shown(text)


@pytest.mark.parametrize(("text", "share"), [("99.9%", 0.999), ("99.99 %", 0.9999), ("'50%'", 0.5), (None, 0.999)])
def test_a_service_has_an_objective(text: str | None, share: float) -> None:
    line = f"    objective: {text}\n" if text is not None else ""
    settings = loaded(changed("    render: srv-web\n", f"    render: srv-web\n{line}"))
    assert settings.policy.services["web"].objective == pytest.approx(share)


@pytest.mark.parametrize("text", ["99.9", "100%", "49.9%", "0.999", "-99%", "99.99999%", "[99%]", "high"])
def test_an_objective_that_nobody_could_keep_or_miss_is_a_mistake(text: str) -> None:
    """Without its unit the meaning is unclear; all of the time is no objective."""
    said = shown(changed("    render: srv-web\n", f"    render: srv-web\n    objective: {text}\n"))
    assert "services.web.objective: not an objective -> write a share of the time from 50% to 99.9999%" in said
