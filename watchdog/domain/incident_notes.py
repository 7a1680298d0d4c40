"""Remarks that people add to an incident's story in their own words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

TEXT_MAX = 1000
"""Characters of one remark: a paragraph. A longer report belongs elsewhere, with a link to it here."""
NAME_MAX = 80


@dataclass(frozen=True, slots=True)
class Remark:
    """One remark of a person."""

    at: float  # UTC epoch seconds
    incident: str  # its id
    by: str  # who added it
    text: str  # their text
    root_cause: bool = False  # it names why the incident happened


def root_causes(remarks: Iterable[Remark]) -> Mapping[str, Remark]:
    """Return the latest root cause that people named, by incident id; the remarks come oldest first."""
    return {remark.incident: remark for remark in remarks if remark.root_cause}
