"""Contacts and escalation in the configuration: order, channels, hours, and contradictions."""

import pytest

from tests.settings.texts import BOT, CHATTING, SMALL, loaded, shown
from watchdog.domain.policy import Approver, Step, Weekly
from watchdog.domain.severity import Severity
from watchdog.settings.text.summary import report

CONTACTS = """\
contacts:
  lead: {email: lead@acme.example, slack: D0123ABCD}
  devops: {email: devops@acme.example, hours: Mon-Fri 09:00-18:00 Europe/Berlin}
"""


def test_a_contact_s_address_makes_a_channel_that_is_told_of_nothing_else() -> None:
    """The same server and token, another address; the matrix and our own alerts know nothing of it."""
    settings = loaded(CHATTING + CONTACTS + "escalation: [lead, {tell: devops, after: 10m}, console]\n", BOT)
    assert list(settings.channels) == ["console", "email", "slack", "lead-slack", "lead-email", "devops-email"]
    lead = settings.channels["lead-email"].options
    assert (lead.to, lead.sender) == (("lead@acme.example",), "watchdog@acme.example")  # type: ignore[attr-defined]
    assert settings.channels["lead-slack"].options.channel == "D0123ABCD"  # type: ignore[attr-defined]
    assert settings.policy.alerts == ("console", "email", "slack")
    assert not any("lead-email" in rule.tell for rule in settings.policy.matrix.values())
    berlin = Weekly((0, 1, 2, 3, 4), 540, 1080, "Europe/Berlin")
    assert settings.policy.escalation == (
        Step("lead", ("lead-slack", "lead-email"), 300.0),
        Step("devops", ("devops-email",), 600.0, berlin),
        Step("console", ("console",), 300.0),
    )
    line = next(line for line in report(settings) if line.startswith("escalation"))
    assert line.endswith(
        "lead after 5 min; devops after 10 min (Mon,Tue,Wed,Thu,Fri 09:00-18:00 Europe/Berlin); console after 5 min"
    )


@pytest.mark.parametrize(
    ("text", "again"),
    [
        (SMALL.replace("console: {}", "tickets: {github: acme/app}"), False),
        (CHATTING + "  tickets: {github: acme/app}\n", True),
        (CHATTING + CONTACTS, True),
        (CHATTING + CONTACTS + "escalation: []\n", False),
    ],
    ids=["only tickets", "tickets beside Slack", "nothing written", "no escalation"],
)
def test_nobody_else_is_called_unless_it_is_asked_for(text: str, again: bool) -> None:
    """Those who were called are called again, where nothing is written and no channel does it by itself."""
    settings = loaded(text, {**BOT, "WATCHDOG_PAGERDUTY_ROUTING_KEY": "R" * 32, "WATCHDOG_GITHUB_TOKEN": "g"})
    assert settings.policy.ack_holds_seconds == 1800.0
    assert settings.policy.escalation == ((Step("everyone again", (), 1800.0),) if again else ())
    said = [line for line in report(settings) if line.startswith("escalation")]
    assert [line.endswith(" everyone again after 30 min") for line in said] == [True] * again


TURNS = CONTACTS + "rotations: {oncall: {of: [lead, devops], from: 2026-11-23 09:00 Europe/Berlin}}\n"


def test_a_rotation_is_a_step_whose_members_take_a_week_each() -> None:
    """It is called when it stands in the escalation; who is a member of it is called."""
    settings = loaded(CHATTING + TURNS + "escalation: [{tell: oncall, after: 2m}]\n", BOT)
    (step,) = settings.policy.escalation
    assert (step.name, step.after_seconds, step.rotation is not None) == ("oncall", 120.0, True)
    assert step.rotation is not None and [one.name for one in step.rotation.of] == ["lead", "devops"]
    assert step.rotation.of[0].channels == ("lead-slack", "lead-email")
    assert any("oncall after 2 min (lead, devops: a week each)" in line for line in report(settings))
    assert not any("is never called" in warning for warning in settings.warnings)
    assert any("outside all hours" in warning for warning in settings.warnings)


HEARING = CHATTING.replace('"#incidents"', '"#incidents", approvals: {socket_mode: true, users: [U0AAA]}')
APPROVED = "policy: {high: {approver: lead}}\n"


def test_an_approver_is_asked_at_its_own_addresses_and_known_by_its_identities() -> None:
    """In their own zone. Their own Slack channel does not listen too: one socket hears the workspace."""
    said = "slack: D0123ABCD, zone: Asia/Tokyo, answers_as: [U0AAA, console:Ann Smith]"
    contacts = CONTACTS.replace("slack: D0123ABCD", said)
    text = HEARING + contacts + APPROVED + "escalation: [{tell: devops, after: 10m}, console]\n"
    settings = loaded(text, BOT | {"WATCHDOG_SLACK_APP_TOKEN": "xapp-1"})
    assert {one.options.zone for name, one in settings.channels.items() if name.startswith("lead-")} == {"Asia/Tokyo"}  # type: ignore[attr-defined]
    assert settings.channels["slack"].options.zone == "UTC"  # type: ignore[attr-defined]
    listens = {name: one.options.listens for name, one in settings.channels.items() if one.kind == "slack"}  # type: ignore[attr-defined]
    assert listens == {"slack": True, "lead-slack": False}
    lead = Approver("lead", ("slack:U0AAA", "token:Ann Smith"), ("lead-slack", "lead-email"))
    assert settings.policy.matrix[Severity.HIGH].approver == lead
    assert not any("contacts" in warning for warning in settings.warnings)
    assert any(line.startswith("high: would ask") and "only lead may approve" in line for line in report(settings))
    alone = loaded(SMALL + "contacts: {lead: {answers_as: [ann, ann]}}\n" + APPROVED).policy.matrix[Severity.HIGH]
    assert alone.approver == Approver("lead", ("token:ann", "terminal:ann"))


PROXY = "console: {proxy: {user_header: X-User, from: [10.0.0.1], approvers: [ann]}}\n"


@pytest.mark.parametrize("written", ["ann", "console:ann"])
def test_a_typed_name_is_no_proof_where_names_are_proven(written: str) -> None:
    """An approver who is known by a proxy's header is not a person who types that name beside a token."""
    text = SMALL + f"contacts: {{lead: {{answers_as: ['{written}']}}}}\n" + APPROVED
    for more, own in (("", "token:ann"), (PROXY, "proxy:ann")):
        approver = loaded(text + more).policy.matrix[Severity.HIGH].approver
        assert approver is not None and own in approver.answers_as
        assert ("token:ann" in approver.answers_as) is (not more)


@pytest.mark.parametrize("text", [CHATTING, HEARING])
def test_a_member_id_that_slack_would_not_hear_is_warned_of(text: str) -> None:
    """Where Slack takes no answers, or those of other members; only for approvers."""
    contacts = "contacts: {lead: {answers_as: [U0BBB, ann]}, boss: {answers_as: [U0CCC]}}\n"
    warnings = loaded(text + contacts + APPROVED, BOT | {"WATCHDOG_SLACK_APP_TOKEN": "xapp-1"}).warnings
    assert [one for one in warnings if "answers as" in one] == [
        "contacts.lead answers as slack:U0BBB, who may not answer in Slack: "
        "list the member id under channels.slack.approvals.users"
    ]


def test_pagerduty_climbs_itself() -> None:
    """Named or not: ours does not climb with what it is paged for, and calls again about what it never gets."""
    key = {"WATCHDOG_PAGERDUTY_ROUTING_KEY": "x", "WATCHDOG_RENDER_API_KEY": "rnd_x"}
    text = SMALL + "  pagerduty: {}\nack_holds: 1h\n"
    for written in ("", "escalation: pagerduty\n"):
        settings = loaded(f"{text}{written}policy: {{high: {{tell: [console]}}}}\n", key)
        steps = {severity: settings.policy.steps_of(rule.tell) for severity, rule in settings.policy.matrix.items()}
        assert (steps[Severity.CRITICAL], [step.name for step in steps[Severity.HIGH]]) == ((), ["everyone again"])
        assert steps[Severity.HIGH][0].after_seconds == 3600.0 and not settings.warnings
        line = next(line for line in report(settings) if line.startswith("escalation"))
        assert line.endswith("everyone again after 60 min, unless pagerduty is paged, which escalates by itself")
    both = loaded(text + "escalation: [console]\n", key)
    assert any("let only one of them climb" in warning for warning in both.warnings)


def test_what_leaves_hours_without_anybody_is_warned_of() -> None:
    warnings = loaded(CHATTING + CONTACTS + "escalation: [devops]\n", BOT).warnings
    assert any("outside all hours no further step is called" in warning for warning in warnings)
    assert any(warning.startswith("contacts: lead is never called") for warning in warnings)
    both = loaded(CHATTING + CONTACTS + "escalation: [lead, devops]\n", BOT).warnings
    assert not any("escalation" in warning for warning in both)


ONCALL = "rotations: {oncall: {of: [a], from: "


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ("contacts: {lead: {}}", "contacts.lead: no way to reach them -> add one of: slack, email"),
        ("contacts: {lead: {email: nobody}}", "contacts.lead.email.to[0]: "),
        ("contacts: {lead: {slack: lead}}", "contacts.lead.slack.channel: not a channel"),
        ("contacts: {slack: {email: a@acme.example}}", "contacts.slack: already the name of a channel"),
        ("contacts: {'a b': {email: a@acme.example}}", "not a name we can use"),
        ("contacts: {ann: {email: a@a.example, hours: nights}}", "contacts.ann.hours: not hours -> write Mon-Fri 09:"),
        ("contacts: {lead: {phone: '1'}}", "contacts.lead.phone: unknown key"),
        ("contacts: {ann: {email: a@acme.example, role: boss}}", "contacts.ann.role"),
        ("contacts: {ann: {email: a@acme.example, role: boss}}", "team lead"),
        ("escalation: [boss]", "escalation[0]: names no contact, rotation or channel"),
        ("rotations: {oncall: {of: [], from: 2026-11-23 09:00 UTC}}", "rotations.oncall.of: empty"),
        ("rotations: {oncall: {of: [boss], from: 2026-11-23 09:00 UTC}}", "rotations.oncall.of[0]: names no contact"),
        (ONCALL + "2026-11-31 09:00 UTC}}", "rotations.oncall.from: not the begin of a"),
        (ONCALL + "2026-11-23 09:00}}", "rotations.oncall.from: not the begin of a"),
        (ONCALL + "2026-11-23 09:00 Mars/X}}", "rotations.oncall.from: no such time zone"),
        (TURNS.replace("oncall", "lead"), "rotations.lead: already the name of a contact or a channel"),
        ("escalation: [slack, slack]", "escalation[1]: called twice"),
        ("escalation: boss", "escalation: not an escalation -> write pagerduty, or a list"),
        ("escalation: pagerduty", "escalation: names no configured channel -> add pagerduty"),
        ("escalation: [{tell: slack, after: 5}]", "escalation[0].after: a duration needs a unit"),
        ("escalation: [{after: 5m}]", "escalation[0].tell: missing"),
        ("contacts: {lead: {answers_as: ['slack:ann']}}", "contacts.lead.answers_as[0]: not an identity -> write U0AA"),
        ("contacts: {lead: {answers_as: U0AAA}}", "contacts.lead.answers_as: wrong type -> write a list"),
        ("contacts: {x: {answers_as: [a]}}\nescalation: [x]", "escalation[0]: no way to reach them -> add one of"),
        ("ack_holds: 0s", "ack_holds: not a sensible duration"),
    ],
)
def test_what_cannot_be_meant_is_one_mistake_each(more: str, says: str) -> None:
    text = shown(CHATTING + more + "\n", BOT)
    assert says in text and {line.partition(" ")[0] for line in text.splitlines()} == {text.partition(" ")[0]}


def test_an_address_needs_its_channel_and_the_secrets_of_that() -> None:
    """No server to send by; a webhook posts to one place; where the channel itself is wrong, that alone is said."""
    written = "contacts: {lead: {email: a@acme.example}}\n"
    said = shown(SMALL + written)
    assert "contacts.lead.email: names no configured channel -> add email: under channels:" in said
    said = shown(SMALL + "  email: {}\n" + written)
    assert "contacts" not in said and "channels.email" in said
    webhook = {"WATCHDOG_SLACK_WEBHOOK_URL": "https://hooks.example/x"}
    said = shown(SMALL + "  slack: {}\ncontacts: {lead: {slack: '#lead'}}\n", webhook)
    assert "set the variable WATCHDOG_SLACK_BOT_TOKEN" in said


@pytest.mark.parametrize(
    ("lead", "other", "owners"),
    [
        ("lead: {email: l@acme.example}", "devops: {email: d@acme.example}", {"team lead": "lead"}),
        ("On_Call: {email: o@acme.example}", "", {"on-call engineer": "On_Call"}),
        ("lead: {email: l@acme.example}", "ann: {email: a@acme.example, role: team lead}", {"team lead": "ann"}),
        ("lead: {email: l@acme.example, role: product owner}", "", {"product owner": "lead"}),
        ("ann: {email: a@acme.example, role: development team}", "", {"development team": "ann"}),
    ],
)
def test_who_owns_the_items_of_the_checklists(lead: str, other: str, owners: dict[str, str]) -> None:
    """A written role comes before a name that states one; a name never overrides the contact's own role."""
    assert dict(loaded(CHATTING + f"contacts: {{{lead}, {other}}}\n", BOT).owners) == owners
    assert dict(loaded(SMALL).owners) == {}
