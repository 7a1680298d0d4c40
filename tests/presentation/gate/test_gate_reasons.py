"""The reasons of the gate: passed once, and each refused for what it is there for."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.presentation.gate import cases as c
from watchdog.domain.checks import Check, Served
from watchdog.domain.deploys import ServiceFacts
from watchdog.domain.incidents import ActiveCritical, Phase
from watchdog.domain.policy import Suppression
from watchdog.domain.readings import Bad, Good, Unknown
from watchdog.presentation.availability import Availability
from watchdog.presentation.gate.gate_case import GateCase
from watchdog.presentation.gate.gate_reasons import REASONS, answers
from watchdog.presentation.gate.gate_rules import GateRules, GateVerdict, Instrument, lets_through
from watchdog.presentation.gate.gate_text import gate_lines, verdict_line

REFUSED, UNKNOWN, PASSED = GateVerdict.REFUSED, GateVerdict.UNKNOWN, GateVerdict.PASSED
Case = Callable[[], GateCase]


def rules(**changes: object) -> Case:
    return lambda: c.case(rules=replace(c.RULES, **changes))  # type: ignore[arg-type]


def state(**changes: object) -> Case:
    return lambda: c.case(state=c.state(**changes))


def staging(**changes: object) -> Case:
    return lambda: c.with_service("web-staging", **changes)


def production(**changes: object) -> Case:
    return lambda: c.with_service("web", **changes)


def happened(onset_at: float, closed_at: float | None, **changes: object) -> Case:
    return lambda: c.case(incidents=(c.incident("web-staging", onset_at, closed_at, **changes),))


def test_a_commit_that_fulfils_everything_passes() -> None:
    """Every reason is asked, each has its own name, and every one passes."""
    found = answers(c.case())
    assert [(one.name, one.why) for one in found if one.verdict is not PASSED] == []
    assert len({one.name for one in found}) == len(found) == len(REASONS)
    assert verdict_line("web", c.COMMIT, found) == "web: c0ffee100000 may go to production now."


OLD = c.NOW - 301.0
YOUNG = replace(c.STAGED, finished_at=c.NOW - 23.5 * c.HOUR)
DOWN = Check("home", "http", c.NOW - 2, Bad("HTTP 503"), seen_at=c.NOW - 2)
STALE = Check("home", "http", OLD, Good("200"), seen_at=OLD)
QUIET = Check("errors", "sentry", c.NOW - 20, Good("0 errors"), seen_at=c.NOW - 20)
HOLD = Suppression("hold-1", "web", "ann", "Black Friday", c.NOW - 60, c.NOW + 60)
BLIND = Check("home", "http", c.NOW - 2, Unknown("no answer of DNS"), seen_at=OLD)
TABLE: tuple[tuple[str, Case, GateVerdict, str], ...] = (
    ("daemon", lambda: c.case(runs=False), UNKNOWN, "no daemon runs on this store"),
    ("daemon", state(blind_since=c.NOW - 9), UNKNOWN, "cannot see"),
    ("production", lambda: c.without("web"), UNKNOWN, "web was not read yet"),
    ("production", production(checks={"home": STALE}), UNKNOWN, "no signal of it was read for 5 min"),
    ("production", production(deploys_at=None), UNKNOWN, "not read yet"),
    ("production", production(deploys_at=OLD), UNKNOWN, "last read 5 min ago"),
    ("staging", rules(staging=None), REFUSED, "write staging: under gate:"),
    ("staging", rules(staging="gone"), REFUSED, "no staging service"),
    ("staging", lambda: c.without("web-staging"), UNKNOWN, "web-staging was not read yet"),
    ("staging", staging(deploys_at=OLD), UNKNOWN, "web-staging: its deploys were last read 5 min ago"),
    ("staging", staging(deploys=()), UNKNOWN, "no live deploy"),
    ("staging", staging(deploys=(c.LIVE,)), REFUSED, "web-staging carries 9f3c2ab (dep-p1), not c0ffee1"),
    ("staging", staging(checks=c.read(version=c.OTHER)), REFUSED, "the answers of web-staging name 9f3c2ab"),
    ("soak", staging(deploys=(c.LIVE,)), UNKNOWN, "not known since when"),
    ("soak", staging(deploys=(YOUNG,)), REFUSED, "live there for 23 h 30 min of 24 h 0 min"),
    ("soak", staging(watching_since=c.NOW - c.HOUR), REFUSED, "live there and watched for 60 min of 24 h 0 min"),
    ("soak", rules(soak_seconds=26 * c.HOUR), REFUSED, "for 25 h 0 min of 26 h 0 min"),
    ("staging incidents", staging(deploys=(c.LIVE,)), UNKNOWN, "not known since when"),
    ("staging incidents", happened(c.SINCE + 60, c.SINCE + 600), REFUSED, "web-staging-3: "),
    ("staging incidents", happened(c.SINCE - 60, c.SINCE + 600), REFUSED, "web-staging-3: "),
    ("staging incidents", happened(c.SINCE - 9000, None), REFUSED, "web-staging-3: "),
    ("staging incidents", happened(c.SINCE - 9000, c.SINCE + 60), PASSED, "none since"),
    ("staging incidents", staging(incident=c.incident("web-staging", c.NOW - 60)), REFUSED, "web-staging-3: "),
    ("staging signals", staging(deploys=(c.LIVE,)), UNKNOWN, "not known since when"),
    ("staging signals", staging(checks={**c.read(version=""), "home": DOWN}), REFUSED, "home fails: HTTP 503"),
    ("staging signals", staging(checks={**c.read(version=""), "home": BLIND}), UNKNOWN, "home was not read lately"),
    ("staging signals", staging(checks={"home": c.read()["home"]}), UNKNOWN, "errors was not read lately"),
    (
        "staging signals",
        lambda: c.case(minutes=c.minutes("home", bad=1) + c.minutes("errors")),
        REFUSED,
        "home failed for 1.66 % of 25 h 0 min (limit 1.00 %)",
    ),
    (
        "staging signals",
        lambda: c.case(minutes=c.minutes("home", hours=20) + c.minutes("errors")),
        UNKNOWN,
        "home could be judged for 80 % of the time (needs 90 %)",
    ),
    ("staging signals", lambda: c.case(minutes=()), UNKNOWN, "home could be judged for 0 % of the time"),
    ("incidents", production(incident=c.incident("web", c.NOW - 60)), REFUSED, "web-3 is open"),
    ("incidents", production(incident=c.incident("web", c.NOW - 600, c.NOW - 60)), PASSED, "none open"),
    ("incidents", production(phase=Phase.SUSPECT), REFUSED, "web fails at the moment"),
    ("incidents", lambda: c.with_service("api", incident=c.incident("api", c.NOW - 60)), REFUSED, "api-3 is open"),
    ("incidents", lambda: c.without("api"), UNKNOWN, "api was not read yet"),
    (
        "incidents",
        lambda: c.with_service("api", checks={"home": STALE}),
        UNKNOWN,
        "api: no signal of it was read for 5",
    ),
    (
        "incidents",
        lambda: c.with_service("api", checks={"home": BLIND}),
        UNKNOWN,
        "api: no signal of it was read for 5",
    ),
    ("incidents", lambda: c.with_service("api", deploys_at=OLD), UNKNOWN, "api: its deploys were last read 5 min ago"),
    ("incidents", state(troubles={"api": ActiveCritical("api", c.NOW - 9)}), REFUSED, "api is critical"),
    ("incidents", state(troubles={"web-staging": ActiveCritical("web-staging", c.NOW - 9)}), PASSED, "none open"),
    ("status pages", state(vendors=c.state().vendors | {"stripe": (c.NOW, Bad("API down"))}), REFUSED, "API down"),
    ("status pages", state(vendors=c.state().vendors | {"render": (c.NOW, Bad("Oregon"))}), REFUSED, "Oregon"),
    ("status pages", state(vendors=c.state().vendors | {"openai": (c.NOW, Bad("chat"))}), PASSED, "no outage"),
    ("status pages", state(vendors={}), UNKNOWN, "render could not be read"),
    ("status pages", state(vendors=dict.fromkeys(c.ROLES, (c.NOW - 901, Good("")))), UNKNOWN, "could not be read"),
    ("pause", state(paused_by="ann"), REFUSED, "paused by ann; watchdog resume"),
    ("pause", state(disarmed="two rollbacks"), REFUSED, "disarmed: two rollbacks"),
    ("hold", state(holds=(HOLD,)), REFUSED, "hold-1 of web by ann (Black Friday)"),
    ("hold", state(holds=(replace(HOLD, service="api"),)), PASSED, "none"),
    ("maintenance", production(facts=ServiceFacts("srv-web", "web", maintenance=True)), REFUSED, "in maintenance mode"),
    ("maintenance", production(facts=ServiceFacts("srv-web", "web", suspended=True)), REFUSED, "it is suspended"),
    ("maintenance", production(facts=None), UNKNOWN, "Render has not said"),
    ("deny-list", state(denied=(c.COMMIT,)), REFUSED, "c0ffee1 was rolled back before; watchdog commit trust c0ffee1"),
    ("deny-list", lambda: c.case(commit="c0ffee1", state=c.state(denied=(c.COMMIT,))), REFUSED, "rolled back before"),
    ("deny-list", state(denied=(c.OTHER,)), PASSED, "not on it"),
    ("error budget", lambda: c.case(available=None), UNKNOWN, "was not watched"),
    ("error budget", lambda: c.case(available=Availability()), UNKNOWN, "was not watched"),
    ("error budget", lambda: c.case(available=Availability(c.DAY, 2593.0)), REFUSED, "used up: 43 min of 43 min lost"),
    ("error budget", rules(availability=0.99999), REFUSED, "used up: 60 s of 26 s lost (99.99 % in 30 d"),
    ("error budget", lambda: c.case(available=Availability(c.DAY, 2590.0)), PASSED, "2.0 s left"),
    ("hours", rules(windows=(c.NOON,)), REFUSED, "outside noon; noon begins Thu 12:00 UTC"),
    ("hours", rules(windows=()), PASSED, "any"),
    ("traffic", rules(traffic_per_minute=39.0), REFUSED, "40 requests a minute (limit 39)"),
    ("traffic", production(checks={"errors": QUIET}), PASSED, "the hours decide"),
    (
        "traffic",
        lambda: replace(production(checks={"errors": QUIET})(), rules=replace(c.RULES, windows=())),
        UNKNOWN,
        "no signal counts requests",
    ),
    ("version", rules(instrumented=(Instrument.RELEASE, Instrument.CRITICAL)), REFUSED, "write version:"),
    ("version", production(checks=c.read(version="")), UNKNOWN, "no answer has named one yet"),
    ("version", rules(instrumented=(), requires=()), PASSED, "not asked for"),
    ("release", rules(instrumented=(Instrument.VERSION,)), REFUSED, 'write release: "{commit}"'),
    ("critical route", rules(instrumented=(Instrument.VERSION,)), REFUSED, "write critical: true"),
)


@pytest.mark.parametrize(("name", "made", "verdict", "why"), TABLE)
def test_each_reason_answers_for_what_it_is_there_for(name: str, made: Case, verdict: GateVerdict, why: str) -> None:
    """And a gate with one reason that does not pass is closed."""
    found = answers(made())
    (reason,) = (one for one in found if one.name == name)
    assert (reason.verdict, why in reason.why) == (verdict, True), reason
    if verdict is not PASSED:
        assert not lets_through(found)


def test_every_reason_is_refused_by_some_row() -> None:
    """A new reason needs its row, one at least that closes the gate."""
    assert {one.name for one in answers(c.case())} == {name for name, _, verdict, _ in TABLE if verdict is not PASSED}


def test_a_service_without_a_gate_lets_nothing_through() -> None:
    """Nor does an answer without a reason."""
    found = answers(c.case(rules=GateRules()))
    assert not lets_through(found) and not lets_through(())
    assert "no staging service is named" in "".join(one.why for one in found)


def test_staging_that_is_not_on_render_is_known_by_its_answers() -> None:
    """By the version that they name, since its first answer; without one nothing is known."""
    policy = c.policy()
    services = {**policy.services, "web-staging": replace(policy.services["web-staging"], platform_id=None)}
    elsewhere = {"policy": replace(policy, services=services)}
    gone: dict[str, object] = {"deploys": (), "deploys_at": None, "facts": None}
    good = replace(c.with_service("web-staging", **gone), **elsewhere)  # type: ignore[arg-type]
    assert [one for one in answers(good) if one.verdict is not PASSED] == []
    mute = replace(c.with_service("web-staging", checks=c.read(version=""), **gone), **elsewhere)  # type: ignore[arg-type]
    found = {one.name: one for one in answers(mute)}
    assert found["staging"].verdict is found["soak"].verdict is UNKNOWN
    young = {"home": replace(c.read()["home"], served=(Served(c.COMMIT[:7], c.NOW - 60, c.NOW),))}
    fresh = replace(c.with_service("web-staging", checks={**c.read(), **young}, **gone), **elsewhere)  # type: ignore[arg-type]
    assert {one.name: one for one in answers(fresh)}["soak"].verdict is REFUSED


def test_the_table_shows_every_reason_and_counts_what_closes_the_gate() -> None:
    """One row a reason, the verdict last."""
    found = answers(c.case(runs=False, rules=replace(c.RULES, windows=(c.NOON,))))
    lines = gate_lines("web", c.COMMIT, found)
    assert len(lines) == len(REASONS) + 3 and lines[0].split() == ["REASON", "VERDICT", "WHY"]
    assert lines[1] == "daemon             NOT KNOWN  no daemon runs on this store"
    assert lines[-1].endswith("now: 1 reason refused, 1 reason not known, which refuses as well.")
