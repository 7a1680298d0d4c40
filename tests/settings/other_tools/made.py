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


def assert_told(imported: Imported, *losses: str) -> None:
    """Assert that each loss is told at the terminal and in the file, and that no secret is: all hold `canary`."""
    assert "canary" not in (imported.text + repr(imported)).lower(), "a secret, or a part of one, was copied"
    comments = " ".join(imported.text.replace("#", "").split())
    for loss in losses:
        assert any(line.startswith(loss) for line in imported.lost), (loss, imported.lost)
        in_file = loss.partition("left out: ")[2] or loss.partition(": ")[2] or loss
        assert in_file[:30] in comments, f"in the file: {loss}"
