"""PyPI's `watchdog`, the file-event library: installed in the same environment it overwrites files of ours.

Rule: this file imports nothing of ours, so that it still works when the other package has overwritten the rest.
"""

from importlib.metadata import PackageNotFoundError, version

CURE = (
    "give render-watchdog an environment of its own (in a clone: uvx --from . watchdog, or pipx install .), "
    "or use the image"
)


def conflict() -> str:
    """Return a warning that the other package is installed here, with the cure, or an empty text."""
    try:
        # By the metadata: an import would find the files of whichever package was installed last.
        found = version("watchdog")
    except PackageNotFoundError:
        return ""
    return f"another package, watchdog {found} (file events), is installed here and overwrites our files: {CURE}"
