"""The meaning of a status page for us: only components that concern us, only outages."""

from typing import Any

import pytest

from watchdog.adapters.signals.statuspage import Part, parse_summary, verdict
from watchdog.adapters.signals.vendor_status import RENDER_API, elsewhere_of
from watchdog.domain.readings import Bad, FailureKind, Good, Reading, Unknown, Unread

GROUPS = {"g-or": "Oregon", "g-fr": "Frankfurt, EU"}


def page(statuses: dict[str, str] | None = None, indicator: str = "none", **more: Any) -> dict[str, Any]:
    """Return a summary of a Render-like page; `statuses` by `group/name`, operational otherwise."""
    told = statuses or {}
    rows: list[dict[str, Any]] = [{"id": key, "name": name, "group": True} for key, name in GROUPS.items()]
    rows += [{"id": name, "name": name, "group": False, "group_id": None} for name in ("Render API", "Static Sites")]
    rows += [
        {"id": f"{group}/{name}", "name": name, "group": False, "group_id": group}
        for group in GROUPS
        for name in ("Web Services", "Background Workers", "Builds and Deploys", "PostgreSQL")
    ]
    for row in rows:
        row["status"] = told.get(row["id"], "operational")
    return {"status": {"indicator": indicator}, "components": rows, "incidents": [], **more}


NOW = 1_790_000_000.0
"""2026-09-21 14:13:20 UTC."""
OURS = (*RENDER_API, ("Oregon/Web Services",), ("Oregon/Builds and Deploys",))


def platform(statuses: dict[str, str], wanted: tuple[Part, ...] = OURS, **more: Any) -> Reading:
    return verdict("render", parse_summary(page(statuses, **more)), "platform", wanted, NOW)


@pytest.mark.parametrize("status", ["partial_outage", "major_outage"])
@pytest.mark.parametrize(
    ("component", "wanted"),
    [
        *((component, OURS) for component in ("Render API", "g-or/Web Services", "g-or/Builds and Deploys")),
        *(("g-fr/Web Services", ((name,),)) for name in ("frankfurt/web services", "Web Services")),
    ],
)
def test_an_outage_of_a_component_of_ours_is_bad(component: str, wanted: tuple[Part, ...], status: str) -> None:
    """A rollback during it usually fails, and destroys evidence.

    Names match whatever their case; `Frankfurt` is a part of `Frankfurt, EU`; without a region every group matches.
    """
    reading = platform({component: status}, wanted)
    assert isinstance(reading, Bad) and reading.kind is FailureKind.OUTAGE
    assert reading.why.startswith("render reports ") and status.replace("_", " ") in reading.why


@pytest.mark.parametrize(
    "component", ["g-fr/Web Services", "g-or/PostgreSQL", "g-or/Background Workers", "Static Sites"]
)
def test_an_outage_elsewhere_is_none_of_our_concern(component: str) -> None:
    assert platform({component: "major_outage"}, indicator="major") == Good("render: 3 components operational")


def test_lesser_statuses_are_remarks_and_one_nobody_knows_is_unknown() -> None:
    reading = platform({"g-or/Web Services": "degraded_performance", "Render API": "under_maintenance"})
    assert reading == Good("render: Render API under maintenance, Oregon/Web Services degraded performance")
    strange = platform({"g-or/Web Services": "on_fire"})
    assert strange == Unknown("render: Oregon/Web Services on fire: we do not know that status", Unread.SHAPE)
    assert isinstance(platform({"g-or/Web Services": "on_fire", "Render API": "major_outage"}), Bad)
    assert isinstance(platform({"g-fr/Web Services": "on_fire"}), Good)


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        ((("Oregon/Compute",),), "the status page of render does not list Oregon/Compute: was it renamed?"),
        ((*RENDER_API, ("Oregon/Compute",)), "does not list Oregon/Compute: was it renamed?"),
        ((("Render Edge API",), *OURS[2:]), "does not list Render Edge API: was it renamed?"),
        ((), "is not known yet"),
    ],
)
def test_a_page_that_renamed_a_part_of_ours_is_unknown(wanted: tuple[Part, ...], says: str) -> None:
    """It must not look healthy; but an outage of a listed component is one."""
    reading = platform({}, wanted=wanted)
    assert isinstance(reading, Unknown) and says in reading.why
    ill = platform({"g-or/Web Services": "major_outage"}, wanted=(("Oregon/Compute",), ("Oregon/Web Services",)))
    assert isinstance(ill, Bad)


REST, PLATFORM, BEFORE = "Render REST API", "Render Platform API", "Render API"


@pytest.mark.parametrize(
    ("listed", "ill", "expected"),
    [
        ((REST, PLATFORM), REST, Bad(f"render reports {REST} major outage", FailureKind.OUTAGE)),
        ((REST, PLATFORM), PLATFORM, Bad(f"render reports {PLATFORM} major outage", FailureKind.OUTAGE)),
        ((BEFORE,), BEFORE, Bad(f"render reports {BEFORE} major outage", FailureKind.OUTAGE)),
        ((REST, PLATFORM), "", Good("render: 2 components operational")),
        ((PLATFORM,), "", Unknown(f"the status page of render does not list {REST}: was it renamed?", Unread.SHAPE)),
    ],
)
def test_render_s_api_is_known_by_each_name_it_had(listed: tuple[str, ...], ill: str, expected: Reading) -> None:
    """One component until mid 2026, two since: an outage of either holds rollbacks back, and neither may be missing."""
    rows = [
        {"id": name, "name": name, "group": False, "status": "major_outage" if name == ill else "operational"}
        for name in listed
    ]
    assert verdict("render", parse_summary(page(components=rows)), "platform", RENDER_API, NOW) == expected


def test_an_upstream_is_bad_with_any_component_or_by_its_indicator() -> None:
    """Which of its parts we use is not known, unless configured."""
    some = parse_summary(page({"g-fr/Web Services": "partial_outage"}))
    assert isinstance(verdict("openai", some, "upstream", (), NOW), Bad)
    assert isinstance(verdict("openai", some, "upstream", RENDER_API, NOW), Good)
    major = parse_summary(page(indicator="major", incidents=[{"name": "Elevated errors", "status": "investigating"}]))
    assert verdict("openai", major, "upstream", (), NOW) == Bad(
        'openai reports a major incident ("Elevated errors")', FailureKind.OUTAGE
    )
    assert isinstance(verdict("openai", parse_summary(page(indicator="minor")), "upstream", (), NOW), Good)


def maintenance(status: str = "in_progress", of: tuple[str, ...] = ("g-or/Web Services",), **more: Any) -> list[Any]:
    """Return a page's row for one maintenance, with the fields and the kinds of times of real ones."""
    parts = [{"id": key, "name": key.rpartition("/")[2], "status": "under_maintenance", "group": False} for key in of]
    one = {
        "id": "k7g299zl765l",
        "name": "Moving disks",
        "status": status,
        "impact": "maintenance",
        "scheduled_for": "2026-09-21T07:00:00.000-07:00",
        "scheduled_until": "2026-09-21T16:30:00.000Z",
        "incident_updates": [],
        "components": parts,
    }
    return [{**one, **more}]


@pytest.mark.parametrize("status", ["in_progress", "verifying", "In progress"])
def test_maintenance_of_ours_that_goes_on_is_bad(status: str) -> None:
    assert platform({}, scheduled_maintenances=maintenance(status)) == Bad(
        'render announced maintenance: "Moving disks" of Oregon/Web Services, until 16:30 UTC', FailureKind.OUTAGE
    )


@pytest.mark.parametrize(
    ("of", "statuses", "bad"),
    [
        (("Render API",), {}, True),
        (("g-or",), {}, True),
        (("g-or/PostgreSQL", "g-fr/Web Services"), {}, False),
        ((), {}, False),
        ((), {"g-or/Web Services": "under_maintenance"}, True),
        ((), {"g-fr/Web Services": "under_maintenance"}, False),
    ],
)
def test_maintenance_elsewhere_is_none_of_our_concern(of: tuple[str, ...], statuses: dict[str, str], bad: bool) -> None:
    """It names one of our components, or their group; or, where it names none, one of ours is marked as under it."""
    reading = platform(statuses, scheduled_maintenances=maintenance(of=of))
    assert isinstance(reading, Bad if bad else Good)


def test_what_is_announced_for_later_is_a_word_on_the_side() -> None:
    ahead = [
        *maintenance("scheduled", scheduled_for="2026-09-27T02:00:00Z", scheduled_until="2026-09-27T04:00:00Z"),
        *maintenance(
            "scheduled", name="Soon", scheduled_for="2026-09-22T23:00:00Z", scheduled_until="2026-09-23T01:00Z"
        ),
        *maintenance("scheduled", name="Next year", scheduled_for="2027-09-22T23:00:00Z"),
        *maintenance("scheduled", name="Elsewhere", of=("g-fr/Web Services",), scheduled_for="2026-09-22T23:00:00Z"),
        *maintenance("scheduled", name="Some day", scheduled_for=None, scheduled_until=None),
        *maintenance("completed", name="Past"),
    ]
    reading = platform({}, scheduled_maintenances=ahead)
    assert reading == Good(
        "render: 3 components operational",
        'render will have maintenance: "Some day" of Oregon/Web Services, begin not announced; '
        '"Soon" of Oregon/Web Services, from 2026-09-22 23:00 UTC until 2026-09-23 01:00 UTC; '
        '"Moving disks" of Oregon/Web Services, from 2026-09-27 02:00 UTC until 04:00 UTC',
    )


def test_an_outage_is_said_before_a_maintenance_which_of_an_upstream_is_a_remark() -> None:
    reading = platform({"Render API": "major_outage"}, scheduled_maintenances=maintenance())
    assert isinstance(reading, Bad) and reading.why == "render reports Render API major outage"
    document = page({"Render API": "under_maintenance"}, scheduled_maintenances=maintenance(of=("Render API",)))
    reading = verdict("openai", parse_summary(document), "upstream", (), NOW)
    assert isinstance(reading, Good) and reading.detail == "openai: Render API under maintenance"


@pytest.mark.parametrize("document", [None, [], {}, {"components": None}, {"components": {}}, "x", 3])
def test_what_has_no_such_shape_is_refused(document: Any) -> None:
    """The caller makes it `Unknown`."""
    with pytest.raises(ValueError):
        parse_summary(document)


def test_incidents_that_ended_and_rows_that_make_no_sense_are_passed_over() -> None:
    """While one is open the page is read more often."""
    ended = [{"name": "a", "status": "resolved"}, {"name": "b", "status": "postmortem"}]
    assert not parse_summary(page(incidents=ended)).is_open(NOW)
    assert parse_summary(page(incidents=[*ended, {"name": "c", "status": "monitoring"}])).incidents == ("c",)
    assert parse_summary(page({"g-fr/PostgreSQL": "major_outage"})).is_open(NOW)
    rows = [None, 3, {"name": None}, {"name": "A", "status": None, "group_id": 7}, {"name": "B\x1b[31m" + "x" * 500}]
    summary = parse_summary({"components": rows, "status": 3, "incidents": {"a": 1}})
    assert [part.status for part in summary.components] == ["absent", "absent"]
    assert all(part.name.isprintable() and len(part.name) <= 60 for part in summary.components)


MESSAGING: tuple[Part, ...] = (("Messaging",),)


def slack(*incidents: dict[str, Any], status: str = "active", wanted: tuple[Part, ...] = ()) -> Reading:
    """Return the verdict about Slack as an upstream, from its own format."""
    page = parse_summary({"status": status, "active_incidents": list(incidents)})
    return verdict("slack", page, "upstream", wanted, NOW)


@pytest.mark.parametrize(
    ("reading", "kind", "why"),
    [
        (slack(status="ok"), Good, ""),
        (
            slack({"type": "outage", "title": "Nothing connects", "services": ["Connections", "Messaging"]}),
            Bad,
            'slack reports Slack/Connections major outage, Slack/Messaging major outage ("Nothing connects")',
        ),
        (slack({"type": "incident", "title": "Slow files", "services": ["Files"]}), Bad, "Files partial outage"),
        (slack({"type": "notice", "title": "A notice", "services": ["Files"]}), Good, ""),
        (slack({"type": "maintenance", "title": "Work", "services": ["Files"]}), Good, ""),
        (slack({"type": "novelty", "title": "?", "services": ["Files"]}), Unknown, "we do not know that status"),
        (slack(status="something new"), Unknown, "we do not know that status"),
        (slack({"type": "outage", "title": "All of it"}), Bad, "Slack major outage"),
        (slack(wanted=MESSAGING), Good, ""),
        (slack({"type": "outage", "title": "?", "services": ["Files"]}, wanted=MESSAGING), Good, ""),
        (slack({"type": "outage", "title": "?", "services": ["Messaging"]}, wanted=MESSAGING), Bad, "Messaging"),
    ],
)
def test_slack_s_own_format(reading: Reading, kind: type[Reading], why: str) -> None:
    """It has no components: open incidents name the services."""
    assert isinstance(reading, kind)
    assert isinstance(reading, Good) or why in reading.why


@pytest.mark.parametrize(
    ("endpoint", "name", "ill", "kind"),
    [
        ("https://sentry.io", "sentry", "EU Error Ingestion", Good),
        ("https://sentry.io", "sentry", "US Error Ingestion", Bad),
        ("https://sentry.io", "sentry", "Integration/GitHub", Good),
        ("https://sentry.io", "sentry", "Dashboard", Bad),
        ("https://de.sentry.io", "sentry", "EU Error Ingestion", Bad),
        ("https://de.sentry.io", "sentry", "US Error Ingestion", Good),
        ("https://sentry.io", "openai", "EU Error Ingestion", Bad),
    ],
)
def test_another_region_of_sentry_acquits_nobody(endpoint: str, name: str, ill: str, kind: type[Reading]) -> None:
    """By the region of the endpoint; the overall indicator of its page counts all regions, and is left out then."""
    group, _, line = ill.rpartition("/")
    rows = [
        {"id": "g", "name": group, "group": True},
        {"id": "a", "name": line, "group_id": "g" if group else None, "status": "major_outage"},
        {"id": "b", "name": "API", "status": "operational"},
    ]
    document = {"status": {"indicator": "major"}, "components": rows, "incidents": []}
    reading = verdict(name, parse_summary(document), "upstream", (), NOW, elsewhere_of(name, endpoint))
    assert isinstance(reading, kind)


@pytest.mark.parametrize("odd", [[], {}, [["resolved"]], None, 1, 1e400, "x" * 1000])
def test_case_64_a_page_with_odd_values_is_read(odd: Any) -> None:
    """Whatever type a field has, no error comes out; a maintenance without a known end is open."""
    rows = [{"id": odd, "name": "Render API", "status": odd, "group_id": odd}]
    incidents = [{"name": "Trouble", "status": odd}, {"name": odd, "status": "resolved"}]
    announced = [{"name": odd, "status": "scheduled", "scheduled_for": "0001-01-01T00:00+14:00", "components": rows}]
    summary = parse_summary(page(components=rows, incidents=incidents, scheduled_maintenances=announced))
    assert summary.incidents == ("Trouble",)
    for role in ("platform", "upstream"):
        assert isinstance(verdict("render", summary, role, (), NOW), Reading)
