"""A simulated fleet with a past: for pictures, and for measuring the console with hundreds of services."""

import random
from collections.abc import Iterator
from dataclasses import replace

from tests.cli import examples as x
from tests.console.scene import NOTES, SIGNALS, at_render, policy_of, service_policy, service_state
from tests.core.incident_fields import amended
from watchdog.domain.checks import Check
from watchdog.domain.decisions import Course, Evidence, Finding
from watchdog.domain.deploys import Deploy
from watchdog.domain.effects import Note
from watchdog.domain.incidents import Incident, Outcome, Phase, State
from watchdog.domain.policy import Action, Mode, Policy
from watchdog.domain.readings import Bad, Good
from watchdog.domain.severity import Severity
from watchdog.domain.store_records import Minute

NOW = x.BEGIN + 120.0
DAY = 86400.0
NAMES = ("web", "api", "checkout", "search", "images", "docs", "accounts", "mailer", "reports", "billing")
TAGS = (("shop", "eu"), ("shop",), ("checkout", "eu"), ())
MESSAGES = ("Cache the prices", "Add product search", "Refactor sessions", "Bump the pool to 20", "New invoice page")
ONSET_AT = NOW - 380
"""Since when the open incident fails: 4 s after its suspect went live."""
SLOW = "p95 2.1 s for 5 min (limit 800 ms)"
USUAL_SECONDS = 0.172
TITLES = ("HTTP 503 on home", "p95 2.1 s on api (limit 800 ms)", "half of the requests fail", "timeouts on home")


class Fleet:
    """So many services over so many days; the same seed makes the same fleet."""

    def __init__(self, services: int, days: int = 90, seed: int = 7) -> None:
        self._luck = random.Random(seed)
        self.days = days
        self.names = [*NAMES, *(f"service-{number:03}" for number in range(len(NAMES), services))][:services]
        self._listed = {name: self._deploys(name) for name in self.names}
        self.incidents = tuple(self._incidents())
        self.asked = self._asked()

    def policy(self) -> Policy:
        modes = (Mode.AUTONOMOUS, Mode.ASSIST, Mode.AUTONOMOUS, Mode.OBSERVE)
        made = [service_policy(name, modes[place % 4]) for place, name in enumerate(self.names)]
        limited = tuple(replace(one, limits_seconds={"p95": 0.8}) if one.kind != "sentry" else one for one in SIGNALS)
        return policy_of(
            *(replace(one, tags=TAGS[place % len(TAGS)], signals=limited) for place, one in enumerate(made))
        )

    def state(self) -> State:
        """Return how they stand: all well, but the first two."""
        services = {name: self._calm(name) for name in self.names}
        failing = {**services["api"].checks, "home": Check("home", "http", NOW - 1, Bad("p95 2.1 s > 800 ms (2 min)"))}
        services["api"] = replace(services["api"], phase=Phase.ASKING, incident=self.asked, checks=failing)
        if "search" in services:
            bad = {"home": Check("home", "http", NOW - 1, Bad("HTTP 502"))}
            services["search"] = replace(services["search"], phase=Phase.SUSPECT, checks=bad)
        return State(services=services, control={"https://example.com": (NOW - 2, Good("200"))})

    def notes(self) -> tuple[Note, ...]:
        told = (("SUSPECT", "home: p95 2.1 s"), ("HIGH", self.asked.title), ("ASKED", "roll back to dep-40?"))
        asked = [Note(NOW - 90 + 10 * place, "api", "api-7", *one) for place, one in enumerate(told)]
        return (*NOTES, *asked)

    def minutes(self, hours: float = 24.0, signals: int = 2, every: int = 1) -> Iterator[Minute]:
        """Yield what was measured in the last hours, each so many minutes, signal by signal: only the first fails."""
        begin = (NOW - hours * 3600) // 3600 * 3600
        for name in self.names:
            usual, found = self._luck.uniform(0.04, 0.3), self._trouble(name, begin)
            # As the checks and the open incident say: p95 310 ms.
            for signal, trouble in zip(SIGNALS[:signals], (found, *[()] * signals), strict=False):
                usual, drift = USUAL_SECONDS if name == "api" or not signal.critical else usual, 1.0
                for number in range(0, int((NOW - begin) / 60), every):
                    start = begin + 60 * number
                    troubled = any(a <= start + 60 * every and start <= b for a, b in trouble)
                    bad = self._luck.randint(1, 6) if troubled else 0
                    drift = min(1.2, max(0.85, drift * self._luck.uniform(0.96, 1.042)))
                    p50 = usual * drift * (6.8 if bad else 1.0)
                    yield Minute(name, signal.name, start, 6 - bad, bad, 0, p50, p50 * 1.8, p50 * 2.6)

    def _trouble(self, name: str, begin: float) -> list[tuple[float, float]]:
        now_bad = [(ONSET_AT, NOW)] if name in ("api", "search") else []
        mine = [(one.onset_at, one.closed_at or NOW) for one in self.incidents if one.service == name]
        blips = [begin + self._luck.random() * DAY] if self._luck.random() < 0.4 else []
        return now_bad + [span for span in mine if span[1] > begin] + [(at, at + 120) for at in blips]

    def _calm(self, name: str):  # type: ignore[no-untyped-def]
        deploys = tuple(self._listed[name])
        checks = {
            "home": Check("home", "http", NOW - self._luck.uniform(1, 9), Good("200 in 120 ms")),
            "api": Check("api", "latency", NOW - self._luck.uniform(1, 9), Good("p95 310 ms of 800 ms")),
            "errors": Check("errors", "sentry", NOW - 20, Good("2/min, usual 1.8/min")),
        }
        watching = NOW - self.days * DAY
        live = deploys[0].id
        return at_render(service_state(name, deploys=deploys, live=live, checks=checks, watching_since=watching))

    def _deploys(self, name: str) -> list[Deploy]:
        """Return what the platform lists, back to before the time that was watched: newest first."""
        if name in ("web", "api"):
            days = {number: (43 - number + self._luck.random() / 2) * 4.6 for number in range(39, 21, -1)}
            older = [self._deploy(number, NOW - back * DAY) for number, back in days.items()]
            return [x.BAD if name == "web" else replace(x.BAD, finished_at=ONSET_AT - 4), x.FAILED, x.GOOD, *older]
        return [
            self._deploy(60 - back, NOW - (back + self._luck.random()) * 4.7 * DAY, back == 0) for back in range(21)
        ]

    def _deploy(self, number: int, at: float, is_live: bool = False) -> Deploy:
        code = f"{self._luck.getrandbits(160):040x}"
        status, message = "live" if is_live else "deactivated", self._luck.choice(MESSAGES)
        return Deploy(
            f"dep-{number}", status, "new_commit", commit=code, commit_message=message,
            created_at=at - 300, finished_at=at,
        )  # fmt: skip

    def _incidents(self) -> Iterator[Incident]:
        """Yield what happened: something every 40 days a service; the one of the story is the newest."""
        for place, name in enumerate(self.names):
            for number in range(self._luck.choice((1, 2, 2, 3, 4) if place < len(NAMES) else (1, 2))):
                yield self._incident(name, number, NOW - self._luck.uniform(0.5, self.days - 1) * DAY)
        yield x.incident()

    def _incident(self, name: str, number: int, at: float) -> Incident:
        """Return one that its own deploy caused, or one that no deploy did."""
        whole, known = x.incident(), f"{name}-{100 + number}"
        severity, title = self._luck.choice((Severity.CRITICAL, Severity.HIGH)), self._luck.choice(TITLES)
        took = self._luck.lognormvariate(4.6, 0.5)
        detected = self._luck.uniform(25, 70)
        if self._luck.random() < 0.55:
            place = 3 + 4 * number + self._luck.randrange(4)
            bad, good = self._listed[name][place : place + 2]
            odds, at = self._luck.uniform(20, 900), (bad.finished_at or at) + self._luck.uniform(2, 9)
            blamed = x.blame(suspect=bad, change=bad, prior_odds=odds, odds=odds, probability=odds / (odds + 1))
            decided = x.decision(blame=blamed)
            whole = amended(whole, decision=decided, suspect=bad.id, suspect_code=bad.code)
            whole = amended(whole, target=good.id, target_code=good.code)
            moments = {"requested_at": at + detected + 1, "restored_at": at + took + detected}
            moments |= {"verified_at": at + took + detected + 180, "closed_at": at + took + detected + 180}
            moments |= {"onset_at": at, "opened_at": at + detected}
            return amended(whole, id=known, service=name, severity=severity, title=title, **moments)
        ended = at + detected + self._luck.lognormvariate(6.5, 1.1)
        return x.undone(
            x.decision(blame=x.blame(probability=0.1, odds=0.1)), id=known, service=name,
            onset_at=at, opened_at=at + detected, closed_at=ended,
            severity=severity, title=title, outcome=Outcome.BY_ITSELF, human_needed="",
        )  # fmt: skip

    def _asked(self) -> Incident:
        said = (
            Evidence("home", "bad", SLOW, "usual 310 ms"),
            Evidence("api", "good", "p95 310 ms of 800 ms"),
            Evidence("errors", "good", "2/min, usual 1.8/min"),
            Evidence("control", "good", "2 of 2 answer"),
        )
        why = "mode assist: dep-42 is to blame, a human decides"
        asked = {"course": Course.ASK, "severity": Severity.HIGH, "mode": "assist", "policy_action": Action.ASK}
        suspect = replace(x.BAD, finished_at=ONSET_AT - 4)
        blamed = x.blame(suspect=suspect, change=suspect)
        decision = x.decision(**asked, why=why, evidence=said, share=0.0, blame=blamed)
        return x.undone(
            decision, id="api-7", service="api", severity=Severity.HIGH, title="p95 2.1 s on home (limit 800 ms)",
            opened_at=NOW - 80, onset_at=ONSET_AT, asked_at=NOW - 60, target="dep-40", suspect="dep-42",
            target_code=x.GOOD.code, suspect_code=x.BAD.code, human_needed="",
            findings=(Finding("home", "http", "latency", ONSET_AT, 0.0, SLOW, symptom="p95 2.1 s"),),
        )  # fmt: skip
