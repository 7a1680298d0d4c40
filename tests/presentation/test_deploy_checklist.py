"""What an incident proposes for the checklist of deploys: by the record, and only where a deploy is to blame."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from tests.cli import examples as x
from watchdog.domain.decisions import Finding, GuardAnswer, Verdict
from watchdog.domain.deploys import Deploy
from watchdog.domain.incidents import Incident
from watchdog.presentation.incident_facts import IncidentFacts
from watchdog.presentation.proposals.deploy_checklist import CHECKS_SHOWN, proposed

HOME = "Is home good on staging, with the very same commit? In production it failed: HTTP 503"


def asked(incident: Incident) -> Sequence[str]:
    return proposed(IncidentFacts(incident, now=x.BEGIN + 3600))


def blamed(deploy: Deploy, **decided: object) -> Incident:
    return x.incident(decision=x.decision(blame=x.blame(suspect=deploy, change=deploy), **decided))


def guards(verdict: Verdict) -> tuple[GuardAnswer, ...]:
    return tuple(replace(one, verdict=verdict) if one.name == "migration" else one for one in x.GUARDS)


@pytest.mark.parametrize(
    ("incident", "adds"),
    [
        (x.incident(), []),
        (
            blamed(replace(x.BAD, changed=("environment", "plan"))),
            ["Is the configuration of staging the same? environment, plan changed with the deploy"],
        ),
        (
            blamed(x.BAD, guards=guards(Verdict.ASK)),
            [
                "Does the code before it work with the new database as well? "
                "Dump the database first: watchdog database dump web"
            ],
        ),
        (blamed(x.BAD, guards=guards(Verdict.PASS)), []),
        (
            blamed(replace(x.BAD, finished_at=x.BEGIN + 10 - 2400)),
            ["Was it on staging for longer than 40 min? So long after going live it began to fail"],
        ),
        (blamed(replace(x.BAD, finished_at=x.BEGIN + 10 - 600)), []),
        (blamed(replace(x.BAD, finished_at=None)), []),
    ],
)
def test_each_rule_asks_what_would_have_stopped_the_deploy(incident: Incident, adds: list[str]) -> None:
    """What failed is always asked."""
    assert asked(incident) == [HOME, *adds]


def test_where_no_deploy_is_likely_to_blame_nothing_is_asked() -> None:
    vetoed = tuple(replace(one, fired=True) for one in x.VETOES)
    for blame in (None, x.blame(probability=0.3), x.blame(probability=None), x.blame(vetoes=vetoed)):
        assert asked(x.incident(decision=x.decision(blame=blame))) == []


def test_each_check_is_named_once_and_a_crowd_is_cut() -> None:
    found = [Finding(f"check-{n}", "http", "run", x.BEGIN, 1.0, "failed") for n in range(9) for _ in range(2)]
    lines = asked(x.incident(findings=tuple(found)))
    assert [line.split()[1] for line in lines] == [f"check-{n}" for n in range(CHECKS_SHOWN)]
