"""Which services the platform's own facts show as staging: what no configuration of ours can say. Pure.

Rule: a word for production, or a protected environment, outweighs every word for staging.
"""

import re

STAGING_WORDS = frozenset({"staging", "stage", "stg", "test", "testing", "dev", "development", "qa", "uat", "sandbox"})
PRODUCTION_WORDS = frozenset({"production", "prod", "live"})
_WORD = re.compile(r"[a-z]+")


def why_not_staging(name: str, environment: str | None, *, protected: bool = False) -> str:
    """Return why the platform's own facts do not show a staging service, or "" where they do.

    `environment` is the platform's name of the service's environment (None: it has none, or the key may not read it).
    """
    words = {"its name": _words(name), "its environment's name": _words(environment or "")}
    for what, found in words.items():
        if wrong := sorted(found & PRODUCTION_WORDS):
            return f"Render says {wrong[0]!r} in {what}"
    if protected:
        return "Render protects its environment"
    if not any(found & STAGING_WORDS for found in words.values()):
        return f"neither its name at Render ({name}) nor its environment there says staging, test or the like"
    return ""


def _words(text: str) -> set[str]:
    return set(_WORD.findall(text.lower()))
