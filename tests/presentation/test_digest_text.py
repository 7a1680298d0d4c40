"""The weekly digest in words: what a week came to, counted by hand; and a week in which nothing happened."""

from dataclasses import replace
from typing import Any

import pytest

from tests.cli import examples as x
from tests.console.scene import SIGNALS
from tests.core.incident_fields import amended
from watchdog.domain.checks import Check
from watchdog.domain.deploys import Commit, Deploy
from watchdog.domain.incident_notes import Remark
from watchdog.domain.incidents import Incident, Outcome, ServiceState, State
from watchdog.domain.policy import DEFAULT_MATRIX, Policy, ServicePolicy, Suppression
from watchdog.domain.severity import Severity
from watchdog.domain.store_records import Minute
from watchdog.presentation.digest_text import INCIDENTS_SHOWN, NAMES_SHOWN, STANDING_SHOWN, Week, digest

DAY = 86400.0
UNTIL = x.BEGIN + 3 * DAY
SINCE = UNTIL - 7 * DAY
SERVICES = {name: ServicePolicy(name, f"srv-{name}", signals=SIGNALS) for name in ("web", "shop")}
POLICY = Policy(services=SERVICES, matrix=DEFAULT_MATRIX)
LOOKS = (
    Minute("web", "home", SINCE, 900, 90, 10),
    Minute("web", "home", SINCE + DAY, 9000, 10, 0),
    Minute("web", "api", SINCE, 10_000, 0, 0),
    Minute("web", "errors", SINCE, 5000, 77, 5),
    Minute("shop", "home", SINCE, 10_000, 0, 0),
    Minute("gone", "home", SINCE, 7, 7, 7),
)


def deploy(name: str, before: float, status: str = "deactivated", trigger: str = "new_commit") -> Deploy:
    """Return a deploy that went live so many days before the end of the week."""
    return Deploy(name, status, trigger, finished_at=UNTIL - before * DAY)


def service(name: str, *deploys: Deploy, **fields: Any) -> ServiceState:
    """Return a service that has been watched for a month."""
    check = Check("home", "http", last_at=UNTIL)
    base = {"watching_since": UNTIL - 30 * DAY, "deploys": deploys, "checks": {"home": check}}
    return ServiceState(name, **{**base, **fields})


def a_week(*incidents: Incident, services: tuple[ServiceState, ...] = (), **fields: Any) -> Week:
    """Return a week of web and shop."""
    known = {one.name: one for one in (service("web"), service("shop"), *services)}
    base: dict[str, Any] = {"state": State(services=known), "policy": POLICY, "looks": LOOKS}
    return Week(SINCE, UNTIL, UNTIL + 5.0, "Europe/Berlin", **{**base, "incidents": incidents, **fields})


def words(week: Week) -> str:
    """Return all of it."""
    title, lines = digest(week)
    return "\n".join((title, *lines))


def test_nothing_happened_and_that_is_said() -> None:
    """With what was looked at, so that it can be believed."""
    assert words(a_week(services=(service("web", deploy("dep-50", 2.0, "live"), deploy("dep-49", 9.0)),))) == (
        "watchdog, the week until 2026-11-28: nothing happened\n"
        "A quiet week: no incident and no rollback, in all that was seen.\n"
        "Watched: 2 services (web, shop); 30,000 probes, 99.66 % good (the least: web, 99.50 %); "
        "10 more without a result.\n"
        "Deploys: 1 went live while we watched: 1 fine."
    )


def test_what_happened_what_was_done_and_what_is_left() -> None:
    """A rollback nobody judged yet, something that recovered, something still open, auto-deploy that is off."""
    deploys = (deploy("dep-43", 2.9, "live", "rollback"), replace(x.BAD, status="deactivated"), deploy("dep-40", 5.0))
    web = service("web", *deploys, auto_deploy_off="commit", merged=(Commit("c0ffee1", 0.0, "Mend it"),))
    began = x.BEGIN + DAY
    fields = {"id": "shop-2", "service": "shop", "severity": Severity.HIGH, "title": "p95 over its limit"}
    times = {"onset_at": began, "opened_at": began + 82, "closed_at": began + 1200}
    slow = x.undone(x.decision(blame=x.blame(probability=0.1, odds=0.1)), outcome=Outcome.RECOVERED, **fields, **times)
    open_now = replace(slow, id="shop-3", closed_at=None, outcome=Outcome.OPEN)
    old = replace(slow, id="shop-1", opened_at=SINCE - DAY, closed_at=None)
    found = a_week(open_now, slow, x.incident(), services=(web, service("shop", incident=old)))
    title, lines = digest(found)
    assert title == "watchdog, the week until 2026-11-28: 3 incidents, 1 rollback"
    assert lines[1:] == (
        "Deploys: 2 went live while we watched: 1 fine, 1 at fault.",
        "Incidents: 1 critical, 2 high.",
        "shop-3 (high): nothing was changed, still open; p95 over its limit",
        "shop-2 (high): recovered, well after 20 min; p95 over its limit",
        f"web-1 (critical): rolled back dep-42 -> dep-40, well after 47 s; {x.incident().title}",
        "Rollbacks: 1: 1 not judged yet.",
        "Was it right? watchdog incident label web-1 right|wrong",
        "MTTD 67 s (n=3), MTTR 10 min (n=2). Of months: watchdog report stats",
        'AUTO-DEPLOY IS OFF on web (it was "commit"). NOT shipped: c0ffee1 "Mend it". '
        "(deploy by hand, then watchdog service restore-auto-deploy web)",
        "Still open from before: shop-1 (watchdog explain shop-1)",
        "Root cause not named yet: web-1 (watchdog incident postmortem web-1 drafts it, "
        'watchdog incident note web-1 "…" --root-cause names it)',
    )
    agreed = words(a_week(amended(x.incident(), approved_by="ann")))
    assert "rolled back dep-42 -> dep-40, approved by ann, well after 47 s" in agreed


def test_what_people_said_is_counted_and_not_asked_again() -> None:
    """Labels and root causes; what a human called wrong is no failure of its deploy."""
    causes = {"web-1": Remark(x.BEGIN, "web-1", "ann", "a typo", True)}
    web = service("web", replace(x.BAD, finished_at=x.BEGIN))
    found = words(a_week(x.incident(), services=(web,), labels={"web-1": "wrong"}, causes=causes))
    assert "Rollbacks: 1: 1 wrong." in found and "Was it right?" not in found and "Root cause" not in found
    assert "Deploys: 1 went live while we watched: 1 fine." in found
    many = [replace(x.incident(), id=f"web-{number}") for number in range(4)]
    labels = {"web-0": "right", "web-1": "wrong", "web-2": "right"}
    assert "Rollbacks: 4: 2 right, 1 wrong, 1 not judged yet." in words(a_week(*many, labels=labels))


def test_silences_holds_and_a_pause_stand_in_it() -> None:
    """As they are when it is made, not as they were when the week ended."""
    silence = Suppression("silence-1", "web", "ann", "moving", UNTIL, UNTIL + DAY)
    over = Suppression("silence-2", "shop", "bob", "backup", UNTIL - DAY, UNTIL + 1.0)
    hold = Suppression("hold-3", None, "ann", "launch", UNTIL, UNTIL + DAY)
    state = State(services={"web": service("web")}, paused_by="ann", silences=(silence, over), holds=(hold,))
    found = words(a_week(state=state))
    assert "SILENCE silence-1 of web by ann (moving), until 2026-11-29" in found
    assert "ACTION HOLD hold-3 of all services by ann (launch)" in found and "silence-2" not in found
    assert "PAUSED by ann: it watches and touches nothing. (watchdog resume)" in found


@pytest.mark.parametrize(
    ("looks", "said"),
    [
        ((), "Watched: 2 services (web, shop). No probe is in the record: did the daemon run?"),
        ((Minute("web", "errors", SINCE, 9, 0, 0),), "No probe is in the record"),
        ((Minute("web", "home", SINCE, 0, 0, 9),), "No probe is in the record"),
        ((Minute("web", "home", SINCE, 5, 0, 0),), "; 5 probes, all good."),
        ((Minute("web", "home", SINCE, 99_999, 1, 0),), "; 100,000 probes, 99.99 % good."),
        ((Minute("web", "home", SINCE, 0, 2, 0),), "; 2 probes, 0.00 % good."),
        ((Minute("web", "home", SINCE, 9, 0, 0), Minute("shop", "api", SINCE, 9, 0, 0)), "; 18 probes, all good."),
    ],
)
def test_the_share_of_good_probes_is_never_rounded_up(looks: tuple[Minute, ...], said: str) -> None:
    """One bad of a hundred thousand is not "all"; a feed's readings are no probes; nothing read is no health."""
    found = words(a_week(looks=looks))
    assert said in found and ("nothing was seen" in found) is ("No probe" in said)
    assert ("A quiet week" in found) is ("No probe" not in said)


def test_a_service_that_is_new_is_said_to_be() -> None:
    """And one whose watching began after the week has no deploys in it."""
    new = service("shop", deploy("dep-60", 0.5, "live"), watching_since=UNTIL - DAY)
    assert "only a part of the week: shop; 30,000 probes" in words(a_week(services=(new,)))
    later = service("shop", deploy("dep-60", 0.5, "live"), watching_since=UNTIL + 1.0)
    assert "Deploys: none went live while we watched." in words(a_week(services=(later,)))
    assert words(a_week(state=State())).count("\n") > 1


def test_deploys_of_minutes_are_neither_fine_nor_not_and_later_ones_do_not_count() -> None:
    """The digest may come late; a list that is cut off says "at least"."""
    minutes = service("shop", deploy("dep-61", -0.5, "live"), deploy("dep-60", 0.01))
    assert "Deploys: 1 went live while we watched: 1 live for less than 30 min." in words(a_week(services=(minutes,)))
    busy = service("shop", *(deploy(f"dep-{number}", 1.0 + number / 100) for number in range(20)))
    assert "Deploys: at least 20 went live while we watched: 20 fine." in words(a_week(services=(busy,)))
    alone = Policy({"web": ServicePolicy("web", None, signals=SIGNALS)}, DEFAULT_MATRIX)
    assert "Deploys" not in words(a_week(policy=alone))


def test_it_stays_short_whatever_happened() -> None:
    """The first are named, the rest counted, with the command that lists them; foreign words stay words on a line."""
    names = [f"s{number}" for number in range(30)]
    policy = replace(POLICY, services={name: ServicePolicy(name, f"srv-{name}", signals=SIGNALS) for name in names})
    services = {name: service(name, auto_deploy_off="commit") for name in names}
    many = [replace(x.incident(), id=f"s1-{number}", service="s1", title="x\n\x1b[2J" * 99) for number in range(50)]
    found = a_week(*many, policy=policy, state=State(services=services))
    _, lines = digest(found)
    assert len(lines) < 40 and all(len(line) <= 400 and line.isprintable() for line in lines)
    assert "Watched: 30 services (s0, s1, s2, s3, s4 and 25 more)" in lines[0]
    assert f"and {50 - INCIDENTS_SHOWN} more: watchdog incident list" in lines
    assert f"and {30 - STANDING_SHOWN} more: watchdog status, watchdog service silences" in lines
    assert sum("watchdog incident label s1-" in line for line in lines) == 1 and lines[-1].count("s1-") >= NAMES_SHOWN
