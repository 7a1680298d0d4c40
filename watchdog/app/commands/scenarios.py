"""From a scenario file to a fault class of the lab; every mistake with its line: of form first, then of meaning.

Rule: each written value has a meaning, or is a mistake: a fault without a symptom, a name that points nowhere.
"""

import dataclasses
from collections.abc import Iterable, Mapping
from functools import partial
from math import inf
from pathlib import Path
from typing import Any

import yaml

from watchdog.app.commands.scenario_schema import FaultShape, OutageShape, ScenarioShape, ServiceShape
from watchdog.domain.errors import ConfigurationError, Mistake
from watchdog.domain.readings import FailureKind
from watchdog.lab.classes import BY_NAME
from watchdog.lab.episode import MAIN, FaultClass, Right
from watchdog.lab.profile import Profile
from watchdog.lab.scenario import (
    PREVIOUS,
    START,
    PlannedDeploy,
    PlannedFault,
    PlannedOutage,
    Range,
    Scenario,
    ScenarioTruth,
)
from watchdog.settings.schema.written_values import NAME
from watchdog.settings.text.validation import choose, validate
from watchdog.settings.text.yaml_document import Document, parse, read_text

EXAMPLE = "config/scenarios/bad-checkout.yaml"
USUAL_SERVICES = (MAIN, "docs", "shop")
VENDORS = ("render", "sentry")
ALWAYS: Range = (inf, inf)
NEVER: Range = (0.0, 0.0)


def read_scenarios(paths: Iterable[Path], folder: Path) -> list[FaultClass]:
    """Return the fault classes of these files, named after them. Raises ConfigurationError with every mistake."""
    found: list[FaultClass] = []
    mistakes: list[Mistake] = []
    for path in paths:
        # Reports list fault classes by name alone, so two of one name could not be distinguished.
        if path.stem in (*BY_NAME, *(one.name for one in found)):
            mistakes.append(Mistake(f"{path}", "there is a fault class of that name", "rename the file"))
            continue
        try:
            found.append(read_scenario(path, folder))
        except ConfigurationError as error:
            mistakes += error.mistakes
    if mistakes:
        raise ConfigurationError(tuple(mistakes))
    return found


def read_scenario(path: Path, folder: Path) -> FaultClass:
    """Return the fault class of a file (relative to a folder). Raises ConfigurationError with every mistake."""
    text = read_text(folder / path, str(path), f"name a file in UTF-8, such as {EXAMPLE}")
    document = parse(text, str(path), EXAMPLE)
    shape = validate(ScenarioShape, document.data, document) if document.data or not document.mistakes else None
    if shape is not None and not document.mistakes:  # what was cut out as wrong would seem to be missing
        _check(document, shape)
    if shape is None or document.mistakes:
        raise document.refusal()
    return _scenario(shape).kind(path.stem, str(path))


# --- names that point nowhere, and faults that can never be seen ---


def _services(shape: ScenarioShape) -> tuple[str, ...]:
    return tuple(dict.fromkeys((MAIN, *shape.services))) if shape.services else USUAL_SERVICES


def _is_name(text: str) -> bool:
    """Return whether it is a name, also where it is written without quotes: no number, no date."""
    try:
        # `on`, `1e3` or `2027-02-03` pass the pattern, and YAML would read each as another type.
        return NAME.fullmatch(text) is not None and yaml.safe_load(text) == text
    except ValueError:  # 2027-02-31 is written as a date, and is none
        return False


def _check(document: Document, shape: ScenarioShape) -> None:
    services = _services(shape)
    for name in shape.services:
        if not _is_name(name):
            document.report(("services", name), "not a name for a service", "write letters, digits and dashes")
    deploys: dict[str, str] = {}
    for place, deploy in enumerate(shape.deploys):
        _known(document, ("deploys", place, "service"), deploy.service, services, "service")
        if deploy.name in (*deploys, PREVIOUS, START):
            document.report(("deploys", place, "name"), "that name is taken", "give each deploy a name of its own")
        if deploy.name is not None:
            deploys[deploy.name] = deploy.service
    for place, fault in enumerate(shape.faults):
        _check_fault(document, place, fault, services, deploys)
    for name, needs in shape.depends_on.items():
        _known(document, ("depends_on", name), name, services, "service")
        for place, need in enumerate(needs):
            if not _is_name(need):
                document.report(("depends_on", name, place), "not a name", "write letters, digits and dashes")
    # A dependency that is no service stands for a vendor with a status page of its own.
    vendors = {*VENDORS, *(need for needs in shape.depends_on.values() for need in needs)} - set(services)
    for name in shape.vendors_down:
        _known(document, ("vendors_down", name), name, vendors, "status page (others stand under depends_on)")
    _check_truth(document, shape, services, deploys)


def _known(document: Document, path: tuple[str | int, ...], name: str, known: Iterable[str], what: str) -> bool:
    if name in known:
        return True
    document.report(path, f"no such {what}", partial(choose, name, known))
    return False


def _check_fault(
    document: Document, place: int, fault: FaultShape, services: tuple[str, ...], deploys: Mapping[str, str]
) -> None:
    here = ("faults", place)
    for number, name in enumerate(fault.services):
        _known(document, (*here, "services", number), name, services, "service")
    if fault.deploy is not None:
        _known(document, (*here, "deploy"), fault.deploy, deploys, "deploy")
        # A fault of a deploy is visible through that deploy's own code only.
        if fault.begins[0] < 0:
            what = "before its deploy serves, it cannot be seen"
            document.report((*here, "begins"), what, "write how long after the deploy it begins")
    if (fault.every is None) is not (fault.each_lasts is None):
        missing = "each_lasts" if fault.each_lasts is None else "every"
        document.report(here, f"{missing} is missing", "write both: every: 30m, each_lasts: 2m")
    # Compared by the extremes: the longest failure against the shortest period.
    elif fault.every is not None and fault.each_lasts is not None and fault.each_lasts[1] >= fault.every[0]:
        document.report((*here, "each_lasts"), "it never pauses", "write less than every, or leave both out")
    # A fault that no signal can see would make every verdict on it a matter of luck.
    shown = fault.share[1] or fault.errors[1] or fault.crash_every or fault.new_error or fault.silent
    if not shown and fault.slow == fault.traffic == (1.0, 1.0):
        document.report(here, "it shows nothing", "write a share, slow, errors, traffic, crash_every or silent: true")
    if fault.new_error and not fault.errors[1]:
        document.report((*here, "new_error"), "there are no errors", "write errors: how many for each request")


def _check_truth(
    document: Document, shape: ScenarioShape, services: tuple[str, ...], deploys: Mapping[str, str]
) -> None:
    truth = shape.truth
    if truth.service is not None:
        _known(document, ("truth", "service"), truth.service, services, "service")
    if truth.deploy is None:
        # Both reactions undo a deploy, so there must be one to blame.
        if {truth.right, *truth.also} & {"rollback", "ask"}:
            document.report(("truth", "right"), "no deploy did it", "add deploy: the name of the one to undo")
        if "target" in truth.model_fields_set:
            document.report(("truth", "target"), "no deploy did it", "add deploy: the name of the one to undo")
        return
    if not _known(document, ("truth", "deploy"), truth.deploy, deploys, "deploy"):
        return
    service = deploys[truth.deploy]
    if truth.service not in (None, service):
        document.report(
            ("truth", "service"), "the deploy is another service's", f"write service: {service}, or nothing"
        )
    own = [name for name, whose in deploys.items() if whose == service and name != truth.deploy]
    _known(document, ("truth", "target"), truth.target, (PREVIOUS, START, *own), "deploy to go back to")
    # The truth blames this deploy, so at least one fault must give the daemon evidence for it.
    if not any(fault.deploy == truth.deploy and service in fault.services for fault in shape.faults):
        what = "nothing shows that it did it"
        document.report(("truth", "deploy"), what, f"add a fault with deploy: {truth.deploy} on {service}")


# --- as data of the lab ---


def _scenario(shape: ScenarioShape) -> Scenario:
    truth, deploys = shape.truth, {one.name: one.service for one in shape.deploys}
    return Scenario(
        words=shape.words,
        truth=ScenarioTruth(
            Right(truth.right),
            frozenset(Right(one) for one in truth.also),
            truth.deploy or "",
            truth.target,
            truth.service or deploys.get(truth.deploy, MAIN),
            truth.share,
        ),
        weight=shape.weight,
        horizon_seconds=shape.horizon,
        services={name: _profile(one) for name, one in shape.services.items()},
        depends_on={name: tuple(needs) for name, needs in shape.depends_on.items()},
        deploys=tuple(
            PlannedDeploy(one.service, one.at, one.name or "", one.blip, one.no_rollback) for one in shape.deploys
        ),
        faults=tuple(_fault(one) for one in shape.faults),
        vendors_down={name: _outage(one) for name, one in shape.vendors_down.items()},
        control_down=_outage(shape.control_down) if shape.control_down else None,
        pre_deploy_command=shape.pre_deploy_command,
        feed_delay=shape.feed_delay,
    )


def _profile(shape: ServiceShape) -> Mapping[str, Range]:
    # The lab's fields carry their unit; the file's keys leave it out, since each value has one.
    written = {field.name: getattr(shape, field.name.removesuffix("_seconds")) for field in dataclasses.fields(Profile)}
    return {name: value for name, value in written.items() if value is not None}


def _fault(shape: FaultShape) -> PlannedFault:
    plain: dict[str, Any] = {name: getattr(shape, name) for name in ("begins", "share", "slow", "errors", "traffic")}
    spans = {name: getattr(shape, name) or NEVER for name in ("grows", "every", "each_lasts", "crash_every")}
    return PlannedFault(
        services=tuple(shape.services),
        deploy=shape.deploy or "",
        lasts=shape.lasts or ALWAYS,
        routes=tuple(shape.routes),
        kind=FailureKind(shape.kind),
        why=shape.why,
        new_error=shape.new_error or "",
        silent=shape.silent,
        **plain,
        **spans,
    )


def _outage(shape: OutageShape) -> PlannedOutage:
    return PlannedOutage(shape.begins, shape.lasts or ALWAYS)
