"""Shapes of the page and answer that show the configuration in force."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SettingView:
    """One setting and its value in force."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class SectionView:
    """Settings that belong together."""

    name: str
    rows: tuple[SettingView, ...]


@dataclass(frozen=True, slots=True)
class SettingsView:
    """The configuration as it was loaded; of a secret, only whether it is set."""

    at: float
    sections: tuple[SectionView, ...]
