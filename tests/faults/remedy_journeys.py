"""The ways of an incident with a remedy before the rollback: of each kind one that cures, and one that does not.

Rule: what is judged of one kind is judged of all; a new kind is one line of `CASES`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tests.faults.journeys import BACK, FAILS, PINNED, RESOLVED, ROLLING, Journey, changes, unfinished
from tests.support.daemon_processes import Cloud, Daemon, Entry
from watchdog.adapters.stores.codec import INCIDENTS
from watchdog.daemon.actions.remedy_actuator import step
from watchdog.domain.remedies.kinds import RemedyKind, words
from watchdog.domain.remedies.remedy import RemedyResult


@dataclass(frozen=True)
class Case:
    """A kind on the sandbox: its options, how a deploy behaves that it cures, what it asks for, what is done of it."""

    name: str
    options: Callable[[Cloud], str]
    cured: Mapping[str, object]
    asked: Callable[[Cloud], list[Entry]]
    done: str
    at_render: str = ""


def flag_requests(cloud: Cloud) -> str:
    """Return the requests that switch the sandbox's flag off, and read it, as a configuration has them."""
    url = f"{cloud.urls['flags']}/new-checkout"
    request = f'{{method: PATCH, url: "{url}", headers: {{authorization: "{{token}}"}}, body: {{enabled: false}}}}'
    return f'request: {request}, look: {{url: "{url}", json: $.state.enabled, equals: false}}'


def flag_patches(cloud: Cloud) -> list[Entry]:
    """Return the requests that the flag service got."""
    return cloud.requests("flags", "PATCH")


def asked_of_render(what: str) -> Callable[[Cloud], list[Entry]]:
    """Return what finds the requests of that kind that Render got."""
    return lambda cloud: [one for one in cloud.requests("render", "POST") if one["path"].endswith(f"/{what}")]


CASES: Mapping[RemedyKind, Case] = {
    RemedyKind.FLAG_OFF: Case(
        "new-checkout",
        lambda cloud: f"flag: new-checkout, {flag_requests(cloud)}",
        {"flag": "new-checkout"},
        flag_patches,
        "flag_switched",
    ),
    RemedyKind.RESTART: Case(
        "restart:service",
        lambda cloud: "",
        {"restart_cures": True},
        asked_of_render("restart"),
        "restart_accepted",
        at_render="restart",
    ),
    RemedyKind.WEBHOOK: Case(
        "webhook:purge",
        lambda cloud: f"call: purge, {flag_requests(cloud)}",
        {"flag": "new-checkout"},
        flag_patches,
        "flag_switched",
    ),
    RemedyKind.SCALE: Case(
        "scale:4",
        lambda cloud: "to: 4",
        {"enough_instances": 4},
        asked_of_render("scale"),
        "scaled",
        at_render="scale 4",
    ),
}
"""A test holds that no kind is missing. `at_render`: how Render's journal names the request, if it is one to Render."""
BESIDE = frozenset({RemedyKind.MAINTENANCE_MODE})
"""No rollback follows: test_maintenance_page.py has its ways."""


def configured(cloud: Cloud, kind: RemedyKind) -> dict[str, str]:
    """Return what makes the sandbox's configuration try a remedy of that kind first."""
    options = ", ".join(filter(None, (CASES[kind].options(cloud), "prove: 10s")))
    return {"mode: autonomous\n": f"mode: autonomous\n    remedies: [{{{kind}: {{{options}}}}}]\n"}


@dataclass(frozen=True)
class RemedyJourney(Journey):
    """A way with one remedy. Where it was not done, as a kill came before its request, the rollback follows as well."""

    kind: RemedyKind = RemedyKind.FLAG_OFF
    cures: bool = True

    @property
    def case(self) -> Case:
        return CASES[self.kind]

    def written(self, cloud: Cloud) -> Mapping[str, str]:
        return configured(cloud, self.kind)

    def is_over(self, cloud: Cloud, daemon: Daemon) -> bool:
        return bool(cloud.log("pagerduty_resolve")) and not unfinished(daemon)

    def assert_well(self, cloud: Cloud, daemon: Daemon) -> None:
        """Judge what was asked for and done, one after the other, what people read, and the record."""
        daemon.until(lambda: self.is_over(cloud, daemon))
        asked, done = self.case.asked(cloud), cloud.log(self.case.done)
        assert len(asked) <= 1 and len(done) <= 1, f"asked {len(asked)} times, done {len(done)} times"
        assert daemon.rows("SELECT count(*) FROM actions WHERE state IN ('planned', 'sending')") == [(0,)], "forgotten"
        told = (rf"{FAILS}: {words(self.case.name).title}",) if done else ()
        if done and self.cures:
            ours = {self.case.at_render: 1} if self.case.at_render else {}
            assert changes(cloud) == ours, f"sent to Render: {changes(cloud)}"
            self._assert_cured(daemon)
            self._assert_told(cloud, (*told, f"web is back after .*: {words(self.case.name).brief}"))
        else:
            self._assert_changed(cloud, daemon)
            first, then = (asked or [{"at": 0.0}])[0], cloud.log("auto_deploy_changed")[0]
            assert first["at"] < then["at"], "one after the other"
            self._assert_told(cloud, (*told, ROLLING, RESOLVED))
        assert "Traceback" not in daemon.words() and "task failed" not in daemon.words(), daemon.words()[-3000:]

    def _assert_cured(self, daemon: Daemon) -> None:
        incident = INCIDENTS.decode(daemon.rows("SELECT json FROM incidents")[0][0])
        ended = [(one.name, one.result) for one in incident.remedies]
        assert ended == [(self.case.name, RemedyResult.HELPED)], f"the record: {incident}"


def _journey(kind: RemedyKind, *, cures: bool) -> RemedyJourney:
    case = CASES[kind]
    behaviour = {"kind": "error", "after_seconds": 0.0, **(case.cured if cures else {})}
    besides = {case.at_render: {0, 1}} if case.at_render else {}
    return RemedyJourney(
        {**PINNED, **BACK, **besides},
        (),
        cause=lambda cloud, daemon: cloud.bad_deploy(behaviour=behaviour),
        kind=kind,
        cures=cures,
    )


def points_of(kind: RemedyKind) -> list[str]:
    """Return the points of the remedy itself, without a journey that finds them."""
    journal = f"put_action {step(CASES[kind].name)}"
    passed = [
        f"{journal} planned",
        f"{journal} sending",
        f"apply {kind}",
        f"{journal} done",
        "save RemedyDone [Tell acted]",
    ]
    return [f"{when} {what} #1" for what in passed for when in ("before", "after")]


REMEDY_JOURNEYS = {
    f"{kind} {'cures' if cures else 'does not cure'}": _journey(kind, cures=cures)
    for kind in CASES
    for cures in (True, False)
}
"""Every kind, with each outcome."""
