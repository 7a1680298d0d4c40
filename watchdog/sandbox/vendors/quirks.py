"""Where real bodies deviate from the vendors' documents, one name each, with the evidence. Off by default.

Rule 1: with all of them off, every answer satisfies the documents (tests/sandbox/test_documents.py).
Rule 2: with one on, exactly that deviation appears and nothing else changes.
"""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Quirk:
    """A deviation: its evidence, and whether it violates the vendor's document."""

    reason: str
    breaks_document: bool


QUIRKS: dict[str, Quirk] = {
    "commit_null": Quirk(
        "an image-backed deploy carries `commit: null` where the schema knows only an object "
        "(all recorded POST deploys of image services)",
        breaks_document=True,
    ),
    "finished_at_null": Quirk(
        "`finishedAt: null` while a deploy runs; the schema knows only a date-time (recorded)", breaks_document=True
    ),
    "started_at_absent": Quirk(
        "`startedAt` is missing altogether in the recordings of January 2025", breaks_document=False
    ),
    "queued_without_body": Quirk(
        "POST deploys answered 202 with an empty body in 16 of 49 recordings; documented for deploys, not for "
        "rollback, where it may happen as well",
        breaks_document=True,
    ),
    "unknown_status": Quirk(
        "enums grow without notice: an old deploy has a status that the document does not list", breaks_document=True
    ),
    "unknown_trigger": Quirk(
        "enums grow without notice: an old deploy has a trigger that the document does not list", breaks_document=True
    ),
    "legacy_auto_deploy": Quirk(
        "some services answer with the deprecated `autoDeploy` only and no `autoDeployTrigger` (recorded); here all "
        "but web",
        breaks_document=False,
    ),
    "extra_fields": Quirk(
        "bodies carry fields the document does not name, such as `artifactId`, `buildId` (newer schemas)",
        breaks_document=False,
    ),
    "project_numbers_only": Quirk(
        "an older, self-hosted Sentry reads `project` as a number and answers 400 to a slug (sentry#107832; slugs are "
        "understood since #117446, June 2026)",
        breaks_document=False,
    ),
    "one_render_api": Quirk(
        "Render's status page had one component `Render API` until mid 2026; since then `Render REST API` and "
        "`Render Platform API` (third party, 2026-10)",
        breaks_document=False,
    ),
}

NEWER_EVENT_TYPES = ("auto_deploy_disabled", "auto_deploy_enabled")
"""Not quirks: documented by Render's schema of 2026-08-21, absent from the one of 2026-08-03 that we test against."""


def chosen(quirks: bool | Iterable[str]) -> frozenset[str]:
    """Return the quirks that are on: all, none, or those named. Raises ValueError on an unknown name."""
    names = frozenset(QUIRKS if quirks is True else () if quirks is False else quirks)
    if unknown := names - QUIRKS.keys():
        raise ValueError(f"no such quirk: {', '.join(sorted(unknown))}; known: {', '.join(QUIRKS)}")
    return names
