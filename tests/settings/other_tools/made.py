"""A foreign file made into a configuration, which must load; and each loss that is told."""

from pathlib import Path

from tests.settings.texts import loaded
from watchdog.domain.policy import Mode
from watchdog.settings import Settings
from watchdog.settings.other_tools import Imported, configuration_from
from watchdog.settings.text.first_channels import FirstChannels


def made(folder: Path, *texts: str) -> Imported:
    """Return what is made of files with these texts; their names say nothing of whose they are."""
    files = [folder / f"file-{number}" for number, _ in enumerate(texts)]
    for file, text in zip(files, texts, strict=True):
        file.write_text(text, encoding="utf-8")
    return configuration_from(files, FirstChannels())


def read(imported: Imported) -> Settings:
    """Return the settings of what was made, with each of its secrets set; every service only observes."""
    settings = loaded(imported.text, dict.fromkeys(imported.variables, "a-key-of-the-site"))
    assert {service.mode for service in settings.policy.services.values()} == {Mode.OBSERVE}
    return settings


def shown(imported: Imported, service: str, signal: str = "home") -> dict[str, object]:
    """Return the options of a signal that are not the default, as they are written."""
    options = read(imported).services[service].signals[signal].options
    return dict(options.model_dump(mode="json", by_alias=True, exclude_unset=True))
