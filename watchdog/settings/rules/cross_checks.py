"""Checks between sections: names that point nowhere, impossible modes, the watchdog itself as target."""

from collections.abc import Mapping, Sequence
from functools import partial

from watchdog.adapters.signals.vendor_status import KNOWN_VENDORS
from watchdog.core.detect.probes import CUSUM_CAP
from watchdog.docs.page_table import shell_place
from watchdog.domain.commands.human_command import ALL
from watchdog.domain.remedies.kinds import RemedyKind
from watchdog.settings.schema.adapter_entries import check_name
from watchdog.settings.schema.schema import PLATFORM_ID, ServiceShape, Shape
from watchdog.settings.schema.tuning import figure
from watchdog.settings.text.validation import choose, nearest
from watchdog.settings.text.yaml_document import Document

PAGES: Mapping[str, str] = KNOWN_VENDORS
"""Status pages known by name."""
PLATFORM = "render"
"""The one page that can veto a rollback: the host's own."""
TAKEN = (ALL, "control", "vendors")
"""Names that mean something else wherever a service is named: all of them; the control targets and the status pages."""


def check_presence(document: Document) -> None:
    """Report the sections without which no service can be guarded."""
    for key, instead in (("version", "add version: 1"), ("services", "add services: {web: {render: …, signals: …}}")):
        if key not in document.data:
            document.report((key,), "missing", instead)
    if document.data.get("services") == {}:
        document.report(("services",), "nothing to guard", "add web: {render: …, signals: …}")
    for name in document.keys("services"):
        signals = document.at(("services", name, "signals"))
        if isinstance(document.at(("services", name)), dict) and signals in (None, {}):
            document.report(
                ("services", name, "signals"), "nothing to look at", "add signals: {home: {http: https://…}}"
            )


def check_services(document: Document, shape: Shape, own: Mapping[str, str]) -> None:
    """Check names, modes, targets and references of all services. `own` are Render's variables about ourselves."""
    targets: dict[str, str] = {}
    for name, service in shape.services.items():
        path = ("services", name)
        check_name(document, path)
        if name in TAKEN:
            document.report(path, "a word of the watchdog's own", f"give it another name, as in {name}-site")
        mode = service.mode or shape.mode
        if service.veto is not None and mode != "autonomous":
            document.report((*path, "veto"), f"impossible: no automatic rollback in mode {mode}", "remove it")
        if mode != "observe" and service.render is None and "render" not in document.keys(*path):
            document.report((*path, "render"), f"missing: mode {mode} needs a service to act on", "add render: srv-…")
        if service.render is not None:
            _check_target(document, (*path, "render"), service.render, targets, own)
        _check_depends_on(document, name, service.depends_on)
        _check_remedies(document, name, service)
    _check_cycles(document, shape)


def _check_remedies(document: Document, name: str, service: ServiceShape) -> None:
    """Report remedies that no rollback follows, one without a kind, and one that is named twice: it is tried once."""
    path = ("services", name, "remedies")
    if service.remedies and service.render is None:
        document.report(path, "useless without render: each is tried before a rollback", "add render: srv-…")
    known: list[str] = []
    for place, one in enumerate(service.remedies):
        # From the document: what is not valid is cut out of the shape, and reported already.
        written = document.at((*path, place))
        if not isinstance(written, dict) or len(written) != 1:
            document.report((*path, place), "not one kind of remedy", f"write one of: {', '.join(RemedyKind)}")
        elif one.options is not None and one.options.name in known:
            document.report((*path, place), "the same remedy twice", "remove one of them: each is tried once")
        known += [one.options.name] if one.options is not None else []


def _check_control(document: Document, shape: Shape) -> None:
    """Report control targets that are named twice: each is read once, under its address."""
    control = shape.control or ()
    for place, url in enumerate(control):
        if url in control[:place]:
            document.report(("control", place), "named twice", "name the site of another operator")


def _check_target(
    document: Document, path: tuple[str, ...], render: str, targets: dict[str, str], own: Mapping[str, str]
) -> None:
    # By id and by name, since `render:` takes either; a watchdog that guards itself could roll itself back.
    if render in (own.get("RENDER_SERVICE_ID"), own.get("RENDER_SERVICE_NAME")):
        document.report(path, "this is the watchdog itself (RENDER_SERVICE_ID)", "write the site's service")
    # Render has no rollback for data stores, and an older data store would lose the newer data.
    if render.startswith(("dpg-", "red-")):
        document.report(path, "a data store cannot be rolled back", "put it under dependencies:")
    if render in targets:
        document.report(path, f"the same service as services.{targets[render]}", "put all its signals there")
    targets.setdefault(render, path[1])


def _check_depends_on(document: Document, name: str, depends_on: Sequence[str]) -> None:
    written = document.data.get("vendor_status")
    # Read from the document, not from the shape: names of pages that have a mistake still count as known here.
    vendors = [one for one in written if isinstance(one, str)] if isinstance(written, (list, dict)) else PAGES
    # Names of the configuration only: a service of Render that is not guarded here has no readings to weigh.
    known = {*document.keys("services"), *document.keys("dependencies"), *vendors} - {name}
    for index, other in enumerate(depends_on):
        path = ("services", name, "depends_on", index)
        if other == name:
            document.report(path, "a service cannot depend on itself", "remove it")
        elif other not in known:
            document.report(path, "names no service, dependency or status page", partial(choose, other, known))
        elif other in depends_on[:index]:
            document.report(path, "named twice", "keep one")


def _check_cycles(document: Document, shape: Shape) -> None:
    """Report services that depend on each other in a circle: each would be blamed on the other."""
    edges = {name: [one for one in service.depends_on if one != name] for name, service in shape.services.items()}
    for start in edges:
        reached, queue = set(), list(edges[start])
        while queue:
            name = queue.pop()
            if name not in reached:
                reached.add(name)
                queue.extend(edges.get(name, ()))
        if start in reached:
            path = ("services", start, "depends_on")
            document.report(path, "depends on itself in a circle", "keep the direction in which requests flow")


def check_dependencies(document: Document, shape: Shape) -> None:
    """Check the dependencies and the control targets, which are watched and never acted on."""
    _check_control(document, shape)
    for name, dependency in shape.dependencies.items():
        path = ("dependencies", name)
        check_name(document, path)
        keys = [key for key in document.keys(*path) if key in ("render", "vendor_status")]
        if len(keys) != 1:
            document.report(path, "one way to watch it, please", "write {render: dpg-…} or {vendor_status: https://…}")
        if dependency.components and dependency.vendor_status is None:
            what = "only a status page has components"
            document.report((*path, "components"), what, "drop it, or write vendor_status: https://…")
        if name in document.keys("services"):
            document.report(path, "already the name of a service", "give it another name")
        # An exact name is resolved for services only: a dependency is read from the first moment on, by its id.
        if dependency.render is not None and not PLATFORM_ID.fullmatch(dependency.render):
            document.report((*path, "render"), "not a Render id", "write dpg-…, red-… or srv-…, from its dashboard URL")


def status_pages(document: Document, shape: Shape, kinds: set[str]) -> dict[str, str]:
    """Return the status pages to read, by name; report unknown names. `kinds` are the signals' kinds in use."""
    listed, written = document.data.get("vendor_status"), shape.vendor_status
    # By default only the pages of vendors that this configuration uses.
    if written is None:
        named = {one for service in shape.services.values() for one in service.depends_on}
        used = {
            PLATFORM,
            *({"sentry"} & kinds),
            *named.intersection(PAGES).difference(shape.services, shape.dependencies),
        }
        listed, written = None, {name: None for name in PAGES if name in used}
    pages: dict[str, str] = {}
    for name, url in written.items():
        # A list has places, a mapping has keys; the mistake should show the line either way.
        path = ("vendor_status", listed.index(name) if isinstance(listed, list) else name)
        if name in document.keys("dependencies") or name in document.keys("services"):
            document.report(path, "already the name of a service or dependency", "keep one")
        elif url is None and name not in PAGES:
            hint = nearest(name, PAGES)
            instead = f"did you mean {hint}?" if hint else f"known: {', '.join(PAGES)}; or write a name and its URL"
            document.report(path, "no status page known by that name", instead)
        else:
            if url is not None:
                check_name(document, ("vendor_status", name))
            pages[name] = url or PAGES[name]
    for name, dependency in shape.dependencies.items():
        if dependency.vendor_status is not None:
            pages[name] = dependency.vendor_status
    return pages


def check_advanced(document: Document, shape: Shape) -> None:
    """Report figures that contradict each other."""
    for section, smaller, larger in (
        ("detection", "cusum_p0", "cusum_p1"),
        ("pace", "suspect", "idle"),
        ("pace", "watch", "idle"),
        ("pace", "suspect_in_watch", "watch"),
        ("blame", "answer", "human"),
        ("verification", "late", "give_up"),
        ("verification", "seconds", "give_up"),
    ):
        low, high = (figure(section, getattr(shape.advanced, section), key) for key in (smaller, larger))
        if low >= high:
            # The figure that the user wrote is the mistake, not the default that it contradicts.
            key = smaller if document.at(("advanced", section, smaller)) is not None else larger
            document.report(
                ("advanced", section, key),
                f"impossible: {smaller} must be less than {larger}",
                f"see {shell_place('reference-configuration')}",
            )
    limits = [figure("detection", shape.advanced.detection, key) for key in ("cusum_limit", "cusum_limit_in_watch")]
    # The running sum is cut off at this cap, so a limit above it could never be passed.
    if limits[1] > CUSUM_CAP * limits[0]:
        keys = ("cusum_limit_in_watch", "cusum_limit")
        key = next((key for key in keys if document.at(("advanced", "detection", key)) is not None), keys[0])
        why = f"impossible: the sum passes {CUSUM_CAP:g} times cusum_limit never, and cusum_limit_in_watch is higher"
        document.report(("advanced", "detection", key), why, f"see {shell_place('reference-configuration')}")
