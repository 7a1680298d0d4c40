"""Where the deploy of another guarded service is likelier to blame: one step about that service, on every face."""

from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from tests.cli import examples as x
from tests.console.scene import open_incident, policy_of, service_policy, service_state
from tests.presentation.notices import a_notice
from tests.presentation.outlook_cases import (
    CASES,
    ELSEWHERE,
    MODE,
    NEIGHBOUR,
    NOW,
    OBSERVED,
    PAUSED,
    PLATFORM,
    paged,
    question,
    suspended,
    to_blame,
)
from watchdog.adapters.notifiers.facts import typed
from watchdog.adapters.notifiers.slack_buttons import blocks
from watchdog.adapters.slack.button_signature import ButtonSigner
from watchdog.adapters.stores.stored_prose import for_older_workers
from watchdog.core.phases.paged import PASSING_VETOES
from watchdog.domain.decisions import Blame, Cause, Course, Veto
from watchdog.domain.incidents import HumanDecision, Incident, Phase, State
from watchdog.domain.notices import Link, Topic
from watchdog.domain.policy import Mode, Then
from watchdog.presentation.next_steps import steps_left
from watchdog.presentation.notices.notice_text import worded
from watchdog.presentation.outlook import outlook, rollback_line
from watchdog.presentation.outlooks.current_state import CurrentState, current_state
from watchdog.presentation.outlooks.other_service import OtherService, culprit
from watchdog.presentation.situation import BY_ITSELF, Situation, situation
from watchdog.presentation.table_rows import open_incidents

DEPLOY = Cause("deploy of api", 27.0, "api, which it depends on, was deployed 49 s before (dep-42)", "api", "dep-42")
UPSTREAM = Cause("upstream api", 60.0, "api, which it depends on, fails as well")
BLAMED = replace(NEIGHBOUR, odds=0.03, probability=0.03, causes=(DEPLOY,))
FAILS = replace(BLAMED, causes=(UPSTREAM, replace(DEPLOY, odds=1.0)))
PAGED = to_blame(BLAMED)
PLAN = "watchdog rollback api --blamed dep-42 --dry-run"
"""Bound to the deploy to blame: done days later, it would leave a good one."""
LEAD = "The deploy dep-42 of api is 93 % likely to blame"
THEN = " If web still fails then: Find the cause on Render's dashboard and in the logs."
ACKNOWLEDGE = ("acknowledge",)
OFFERED = ("rollback", *ACKNOWLEDGE)
SERVES = OtherService(target=x.GOOD)
STANDS = (
    None,
    SERVES,
    OtherService(serves=False),
    OtherService(refused="mode: observe."),
    OtherService(incident="api-7", acts=True),
    OtherService(incident="api-7"),
)
POLICY = policy_of(service_policy("web"), service_policy("api"))


@pytest.mark.parametrize(
    ("other", "says", "commands", "place", "recommended"),
    [
        # A notice does not know the other service: its plan does.
        (None, f"{LEAD}: roll api back, unless its own incident handles it.", OFFERED, "dashboard", "rollback"),
        (SERVES, f"{LEAD}: roll api back to dep-40 (1b7e0d4).", OFFERED, "dashboard", "rollback"),
        (
            OtherService(serves=False),
            f"{LEAD} and not live any more: see whether web recovers.",
            ACKNOWLEDGE,
            "dashboard",
            "dashboard",
        ),
        (
            OtherService(refused="mode: observe."),
            f"{LEAD}: roll api back on Render's dashboard, or deploy a fix (the daemon would not: mode: observe).",
            ACKNOWLEDGE,
            "service",
            "service",
        ),
        (
            OtherService(incident="api-7", acts=True),
            f"{LEAD}. api is being handled: api-7.",
            ACKNOWLEDGE,
            *("incident",) * 2,
        ),
        (
            OtherService(incident="api-7"),
            f"{LEAD}; go on with its own incident: api-7.",
            ACKNOWLEDGE,
            *("incident",) * 2,
        ),
    ],
)
def test_the_step_is_the_other_services_and_offered_only_where_it_works(
    other: OtherService | None, says: str, commands: tuple[str, ...], place: str, recommended: str
) -> None:
    """With how likely that is; what follows stays the step of the service itself."""
    said = outlook(PAGED, NOW, state=CurrentState(other=other))
    assert said.task == f"{says}{THEN}"
    assert (said.commands, said.place, said.recommended) == (commands, place, recommended)
    assert (said.other, said.other_incident) == ("api", other.incident if other is not None else "")
    assert rollback_line(PAGED, said) == PLAN and said.other_deploy == "dep-42"


@pytest.mark.parametrize(
    ("incident", "then"),
    [
        (paged(MODE, decision=replace(OBSERVED, blame=BLAMED)), "Find the cause on Render's dashboard"),
        (paged(replace(PAUSED, name="key"), decision=replace(OBSERVED, blame=BLAMED)), "Renew the Render API key"),
        (
            x.undone(x.decision(blame=BLAMED), human_needed="no", human_decision=HumanDecision.REJECTED),
            "Find the cause on Render's dashboard",
        ),
        (x.undone(x.decision(blame=BLAMED), human_needed="busy"), "Find the cause on Render's dashboard"),
        (
            x.undone(x.decision(blame=BLAMED), tried=True, requested_at=NOW, human_needed="its outcome is unknown"),
            "Look at web's deploys on Render's dashboard",
        ),
    ],
)
def test_it_comes_first_wherever_people_have_the_incident(incident: Incident, then: str) -> None:
    """Also after a rollback of this service that did not help."""
    said = outlook(incident, NOW, state=CurrentState(other=SERVES))
    assert said.task.startswith(f"{LEAD}: roll api back to dep-40 (1b7e0d4). If web still fails then: {then}")
    assert said.commands[0] == said.recommended == "rollback" and said.commands.count("rollback") == 1


def test_a_service_that_fails_itself_is_named_with_its_deploy() -> None:
    """A failing dependency without a recent deploy of its own is looked at, as before."""
    said = outlook(to_blame(FAILS), NOW, state=CurrentState(other=SERVES)).task
    assert said.startswith("api fails as well and is 93 % likely to blame (recent deploy: dep-42): roll api back to")
    alone = outlook(to_blame(replace(FAILS, causes=(UPSTREAM,))), NOW)
    assert alone.task.startswith("Look at upstream api first; if") and (alone.other, alone.commands) == (
        "",
        ACKNOWLEDGE,
    )


@pytest.mark.parametrize(
    "incident",
    [
        to_blame(ELSEWHERE),
        to_blame(replace(BLAMED, causes=(replace(DEPLOY, odds=0.9),))),  # less likely than not
        to_blame(replace(PLATFORM, causes=(DEPLOY,))),
        paged(replace(PAUSED, name="blind"), decision=replace(OBSERVED, blame=BLAMED)),
        x.undone(replace(suspended().decision, blame=BLAMED)),  # type: ignore[type-var]
        *(to_blame(replace(BLAMED, vetoes=(Veto(name, True, "-"),))) for name in sorted(PASSING_VETOES)),
        x.incident(decision=x.decision(blame=BLAMED)),
        # Its answer comes first, as a clock may run: who rejects reads of the other service next.
        question(Then.ESCALATE, decision=x.decision(course=Course.ASK, blame=BLAMED)),
    ],
)
def test_no_other_service_is_accused_where_that_is_not_likely_or_not_known(incident: Incident) -> None:
    """An outage of the platform, a suspension, a daemon that sees nothing, or lacks a fact, comes first."""
    said = outlook(incident, NOW, state=CurrentState(other=SERVES))
    assert culprit(incident) is None and said.other == "" and "api" not in said.task


def test_a_pause_ends_before_anything_else() -> None:
    """The daemon would refuse the rollback of any service."""
    for incident in (PAGED, paged(PAUSED, decision=replace(OBSERVED, blame=BLAMED))):
        said = outlook(incident, NOW, state=CurrentState(stopped="paused by ann", other=SERVES))
        assert said.task.startswith(f"Resume the daemon first (paused by ann): until then it changes nothing. {LEAD}: ")
        assert said.recommended == said.commands[0] == "resume" and "rollback" not in said.commands
        assert said.task.count("Resume") == 1
    broken = CurrentState(stopped="disarmed (two rollbacks)", disarmed=True, other=SERVES)
    said = outlook(PAGED, NOW, state=broken)
    assert (said.recommended, "rollback" in said.commands) == ("", False)
    assert said.task.startswith("Read the daemon's log for the violated invariant; then resume.") and LEAD in said.task
    assert outlook(PAGED, NOW, state=CurrentState(followed=False, other=SERVES)).other == ""


HELD, ARMED, KEY = (paged(replace(PAUSED, name=name), decision=OBSERVED) for name in ("hold", "armed", "key"))
STUCK = replace(HELD, unhindered=True)  # the daemon does not decide again by itself
STOPS = (
    CurrentState(stopped="paused by ann"),
    CurrentState(stopped="disarmed (two rollbacks)", disarmed=True),
)
RESUMES = (
    "Resume the daemon first (paused by ann): ",
    "Read the daemon's log for the violated invariant; then resume.",
)


@pytest.mark.parametrize(
    ("number", "cause", "other", "held"),
    list(product((0, 1), (BLAMED, FAILS), STANDS, (PAGED, HELD, STUCK, ARMED, KEY))),
)
def test_the_words_say_to_resume_first_wherever_that_is_offered(
    number: int, cause: Blame, other: OtherService | None, held: Incident
) -> None:
    """Once, in front of the other service's step: also where its own incident has the next step, and no rollback is
    offered; and the button never without its words."""
    assert held.decision is not None
    incident, state = replace(held, decision=replace(held.decision, blame=cause)), replace(STOPS[number], other=other)
    said = outlook(incident, NOW, state=state)
    needed = held is not PAGED or other is None or other.target is not None
    assert (said.commands[0] == "resume") is ("resume" in said.commands) is needed
    assert said.task.startswith(RESUMES[number]) is needed
    assert "likely to blame" in said.task and "rollback" not in said.commands
    assert said.task.count("Resume the daemon") == int(needed and number == 0)
    assert ("Renew the Render API key" in said.task) is (held is KEY), "a pause does not cure that"


@pytest.mark.parametrize(("number", "cause"), list(product(range(len(CASES)), (BLAMED, FAILS))))
def test_case_66_every_situation_with_every_standing_of_the_other_service_reads_as_a_sentence(
    number: int, cause: Blame
) -> None:
    """Total: one step, the button that it asks for, and never a rollback of this service under the other's name."""
    before = CASES[number][0]
    if before.decision is None:
        return
    incident = replace(before, decision=replace(before.decision, blame=cause))
    for other, stopped in product(STANDS, ("", "paused by ann")):
        said = outlook(incident, NOW, state=CurrentState(other=other, stopped=stopped))
        assert said.recommended in ("", said.place, *said.commands) and "None" not in f"{said.task}{said.sentence}"
        handled = situation(incident) in (*BY_ITSELF, Situation.QUESTION, Situation.NO_ACTION, Situation.CLOSED)
        assert not (handled and said.other), "the daemon goes on, or nothing is asked"
        if not said.other:
            continue
        assert "likely to blame" in said.task and said.task.endswith(".")
        offered = not stopped and (other is None or other.target is not None)
        assert said.commands.count("rollback") == int(offered)
        place = "incident" if other and other.incident else "service" if other and other.refused else ""
        assert not place or said.place == place
        assert bool(said.other_incident) is (place == "incident")


def standing(cause: Blame = BLAMED, mode: Mode = Mode.AUTONOMOUS, **changes: Any) -> OtherService | None:
    """Return how `api` stands beside a paged incident of `web`, by the state of all services."""
    fleet = {"paused_by": changes.pop("paused_by", "")}
    state = State(services={"web": service_state("web"), "api": service_state("api", **changes)}, **fleet)
    policy = policy_of(service_policy("web"), service_policy("api", mode))
    return current_state(to_blame(cause), state, policy, NOW).other


def test_the_state_of_all_services_says_whether_it_can_be_rolled_back() -> None:
    """By the core's own plan of a rollback by hand; a pause is said by the step itself."""
    assert standing() == standing(paused_by="ann") == SERVES
    rebuilt = replace(x.BAD, id="dep-43")
    same_code = standing(deploys=(rebuilt, replace(x.BAD, status="deactivated"), x.GOOD))
    assert same_code == SERVES, "another deploy of the blamed code is no way out of it"
    replaced = replace(x.GOOD, id="dep-43", status="live")
    assert standing(deploys=(replaced, replace(x.BAD, status="deactivated"), x.GOOD)) == OtherService(serves=False)
    assert standing(mode=Mode.OBSERVE) == OtherService(
        refused="mode: observe: reports what it would do, changes nothing"
    )
    assert standing(deploys=(x.BAD,)) == OtherService(refused="there is no earlier deploy")
    # Not read yet, or not watched here: its plan will tell.
    assert standing(facts=None) is standing(deploys=()) is None
    assert current_state(to_blame(BLAMED), State(services={"web": service_state("web")}), POLICY, NOW).other is None
    gone = State(services={"web": service_state("web"), "api": service_state("api")})
    left = current_state(to_blame(BLAMED), gone, policy_of(service_policy("web")), NOW).other
    assert left == OtherService(refused="the daemon does not guard it any more")
    assert current_state(to_blame(ELSEWHERE), gone, POLICY, NOW).other is None


@pytest.mark.parametrize(
    ("phase", "cause", "stands"),
    [
        (Phase.ANNOUNCED, BLAMED, OtherService(incident="api-7")),
        (Phase.ASKING, BLAMED, OtherService(incident="api-7")),
        (Phase.PINNING, BLAMED, OtherService(incident="api-7", acts=True)),
        (Phase.VERIFYING, BLAMED, OtherService(incident="api-7", acts=True)),
        # Nothing acts in it, and its checks fail for another reason than ours, if at all.
        (Phase.PAGED, BLAMED, SERVES),
        (Phase.PAGED, FAILS, OtherService(incident="api-7")),
        (Phase.CALM, FAILS, SERVES),
    ],
)
def test_an_incident_of_its_own_goes_first_where_it_acts_asks_or_has_the_evidence(
    phase: Phase, cause: Blame, stands: OtherService
) -> None:
    """What fails itself is judged by its own evidence; the core refuses a rollback by hand of what is rolled back."""
    own = open_incident(id="api-7") if phase is not Phase.CALM else None
    assert standing(cause, phase=phase, incident=own) == stands


def test_every_face_takes_the_step_from_the_outlook() -> None:
    """Notice, webhook, Slack's button with its plan, the console's address for pager and mail; the terminal."""
    notice = replace(
        a_notice(PAGED, Topic.FOUND),
        incident="web-1",
        links=(Link("incident", "https://console.test/incidents/web-1"), Link("site", "https://acme.test")),
    )
    read = worded(notice, NOW)
    assert f"Do now: {LEAD}: roll api back, unless its own incident handles it.{THEN}" in read.lines
    assert f"Roll api back (plan first): {PLAN} · Acknowledge: watchdog incident ack web-1" in read.lines
    page = Link("Roll api back in the console", "https://console.test/services/api/rollback?blamed=dep-42")
    assert read.links == (notice.links[0], page, notice.links[1])
    assert worded(for_older_workers(notice), NOW).links == read.links, "a stored one has its words already"
    before = replace(notice, links=(*notice.links, replace(page, href=page.href.partition("?")[0])))
    assert worded(before, NOW).links == read.links, "of a version before this one"
    assert worded(replace(notice, links=notice.links[1:]), NOW).links == notice.links[1:], "no console, no address"
    assert worded(replace(a_notice(to_blame(ELSEWHERE), Topic.FOUND), links=notice.links), NOW).links == notice.links
    said = typed(notice)
    assert said is not None and said["next"]["commands"][0] == PLAN
    signer = ButtonSigner("xapp-of-a-test")
    (row,) = blocks(notice, None, signer)
    first, second = row["elements"]
    assert (first["text"]["text"], second["text"]["text"]) == ("Roll api back …", "Acknowledge")
    signed = [signer.verify(one["value"]) for one in (first, second)]
    bound = [(one[0], one[1].service, one[1].suspect) for one in signed if one]
    assert bound == [("rollback", "api", "dep-42"), ("acknowledge", "web", "")]
    assert "confirm" not in first, "it shows a plan, and changes nothing"
    state = State(
        services={"web": service_state("web", incident=PAGED, phase=Phase.PAGED), "api": service_state("api")}
    )
    (line,) = open_incidents(state, POLICY, NOW)
    assert line.endswith(
        f"Do now: {LEAD}: roll api back to dep-40 (1b7e0d4).{THEN} ({PLAN}; watchdog incident show web-1)"
    )
    around = current_state(PAGED, state, POLICY, NOW)
    assert f"by hand: {PLAN}" in steps_left(PAGED, None, (), around)
    handled = CurrentState(other=OtherService(incident="api-7", acts=True))
    assert not [step for step in steps_left(PAGED, None, (), handled) if "rollback" in step]
