"""Sentry's JSON bodies, with every field its schema requires."""

from typing import Any

from watchdog.sandbox import keys
from watchdog.sandbox.clock import iso
from watchdog.sandbox.vendors.sentry_counts import PROJECTS, Group

WEB = "https://acme.sentry.io"
AVATAR = {"avatarType": "letter_avatar", "avatarUuid": None}
BORN = 1_600_000_000.0
"""The creation of the organization, epoch seconds."""
_FALSE_FLAGS = (
    *("dataScrubber", "dataScrubberDefaults", "isBookmarked", "isDynamicallySampled", "isInternal", "isPublic"),
    *("scmSourceContextEnabled", "scrapeJavaScript", "scrubIPAddresses", "seerScannerAutomation"),
    *("tempestFetchScreenshots", "hasFeedbacks", "hasFlags", "hasInsightsAgentMonitoring", "hasInsightsAppStart"),
    *("hasInsightsAssets", "hasInsightsCaches", "hasInsightsDb", "hasInsightsHttp", "hasInsightsMCP"),
    *("hasInsightsQueues", "hasInsightsScreenLoad", "hasInsightsVitals", "hasLogs", "hasMinifiedStackTrace"),
    *("hasMonitors", "hasNewFeedbacks", "hasProfiles", "hasReplays", "hasSessions", "hasTraceMetrics"),
)
_TRUE_FLAGS = ("enableAutoReleaseCreation", "firstTransactionEvent", "hasAccess", "isMember", "verifySSL")
_EMPTY_TEXTS = (
    *("derivedGroupingEnhancements", "fingerprintingRules", "groupingEnhancements"),
    *("securityToken", "subjectPrefix", "subjectTemplate"),
)
_EMPTY_LISTS = (
    *("allowedDomains", "builtinSymbolSources", "features"),
    *("highlightTags", "safeFields", "sensitiveFields"),
)
_NULLS = (
    *("debugFilesRole", "relayPiiConfig", "secondaryGroupingConfig"),
    *("securityTokenHeader", "seerNightshiftTweaks", "storeCrashReports"),
)


def organization_json(region_url: str) -> dict[str, Any]:
    """Return the organization; `links.regionUrl` is the base of its API."""
    return {
        "id": keys.ORGANIZATION_ID,
        "slug": keys.ORGANIZATION,
        "name": "Acme",
        "status": {"id": "active", "name": "active"},
        "dateCreated": iso(BORN),
        "isEarlyAdopter": False,
        "require2FA": False,
        "avatar": AVATAR,
        "links": {"organizationUrl": WEB, "regionUrl": region_url},
        "hasAuthProvider": False,
        "allowMemberInvite": True,
        "allowMemberProjectCreation": True,
        "allowSuperuserAccess": False,
        "access": ["org:read", "event:read", "project:read", "project:releases"],
        "features": [],
    }


def project_json(slug: str, release: str | None, region_url: str) -> dict[str, Any]:
    """Return a project in detail."""
    team = {"id": "1", "name": "Acme", "slug": "acme"}
    return {
        "id": PROJECTS[slug],
        "slug": slug,
        "name": slug,
        "platform": "python",
        "dateCreated": iso(BORN),
        "firstEvent": iso(BORN + 60),
        "access": ["project:read", "event:read", "project:releases"],
        "avatar": AVATAR,
        "color": "#3f70bf",
        "status": "active",
        "teams": [team],
        "latestRelease": None if release is None else {"version": release},
        "options": {},
        "digestsMinDelay": 180,
        "digestsMaxDelay": 600,
        "resolveAge": 0,
        "groupingConfig": "newstyle:2023-01-11",
        "highlightContext": {},
        "highlightPreset": {"tags": [], "context": {}},
        "organization": organization_json(region_url),
        "platforms": ["python"],
        "processingIssues": 0,
        "defaultEnvironment": "production",
        "dynamicSamplingBiases": [],
        "secondaryGroupingExpiry": 0,
        "symbolSources": "[]",
        "autofixAutomationTuning": "off",
        **dict.fromkeys(_FALSE_FLAGS, False),
        **dict.fromkeys(_TRUE_FLAGS, True),
        **dict.fromkeys(_EMPTY_TEXTS, ""),
        **{name: [] for name in _EMPTY_LISTS},
        **dict.fromkeys(_NULLS, None),
    }


def issue_json(group: Group, substatus: str) -> dict[str, Any]:
    """Return an issue of a list. `count` is a string, as at Sentry."""
    seen = {"firstSeen": iso(group.first_seen), "lastSeen": iso(group.last_seen)}
    number = str(group.number)
    project = {"id": PROJECTS[group.project], "name": group.project, "slug": group.project, "platform": "python"}
    return {
        "id": number,
        "shareId": None,
        "shortId": f"{group.project.upper()}-{group.number}",
        "title": group.title,
        "culprit": group.culprit,
        "permalink": f"{WEB}/issues/{number}/",
        "logger": None,
        "level": "error",
        "status": "unresolved",
        "statusDetails": {},
        "substatus": substatus,
        "isPublic": False,
        "platform": "python",
        "priority": "high",
        "priorityLockedAt": None,
        "project": project,
        "type": "error",
        "issueType": "error",
        "issueCategory": "error",
        "metadata": {"title": group.title},
        "numComments": 0,
        "assignedTo": None,
        "isBookmarked": False,
        "isSubscribed": False,
        "subscriptionDetails": None,
        "hasSeen": False,
        "annotations": [],
        "isUnhandled": True,
        "count": str(group.count),
        "userCount": 0,
        **seen,
        "stats": {},
        "lifetime": {"count": str(group.count), "userCount": 0, **seen, "stats": {}},
        **_UNUSED_OF_AN_ISSUE,
    }


_UNUSED_OF_AN_ISSUE: dict[str, Any] = {
    "filtered": None,
    "inbox": {"reason": 0, "reason_details": None, "date_added": iso(BORN)},
    "owners": {"type": "ownershipRule", "owner": "team:1", "date_added": iso(BORN)},
    "integrationIssues": [],
    "sentryAppIssues": [],
    "sessionCount": 0,
    "latestEventHasAttachments": False,
    "matchingEventId": None,
    "matchingEventEnvironment": None,
    "seerFixabilityScore": None,
    "seerAutofixLastTriggered": None,
    "seerExplorerAutofixLastTriggered": None,
    "derivedData": {
        "blocker": "none",
        "progress": "none",
        "status": "open",
        "viewCount": 0,
        "hasOpenFixPr": False,
        "isAssigned": False,
        "hasRootCause": False,
        "lastCompletedAutofixStep": "none",
        "lastProgressedAt": None,
    },
}
