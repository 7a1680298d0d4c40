"""Dumps as files: what is whole is listed and never removed, and one step of a service holds the lock."""

from pathlib import Path

import pytest

from watchdog.adapters.databases import dump_files
from watchdog.adapters.databases.dump_files import CHECKSUM, Dump, dumps, new_name
from watchdog.domain.errors import Permanent, Refused

AT = 1_750_000_000.0


def dumped(folder: Path, service: str = "web", at: float = AT, number: int = 1) -> Dump:
    """Make a whole dump."""
    name = new_name(service, at, number)
    with dump_files.open_part(folder, name) as file:
        file.write(b"all of it")
    return dump_files.finish(folder, name)


def test_the_newest_whole_dump_of_a_service_comes_first(tmp_path: Path) -> None:
    """Of a name that begins the same, or without its checksum, it is none of them."""
    older, newer = dumped(tmp_path), dumped(tmp_path, at=AT + 60.0, number=2)
    dumped(tmp_path, "web-shop", AT + 90.0)
    assert dumps(tmp_path, "web") == [newer, older] and (newer.at, newer.size) == (AT + 60.0, 9)
    (tmp_path / f"{newer.name}{CHECKSUM}").unlink()
    (tmp_path / "web.dump").write_bytes(b"by hand")
    assert dumps(tmp_path, "web") == [older] and dumps(tmp_path / "none", "web") == []


def test_what_came_to_nothing_is_removed_and_what_is_whole_stays_with_its_checksum(tmp_path: Path) -> None:
    whole = dumped(tmp_path)
    dump_files.discard(tmp_path, whole.name)
    assert dumps(tmp_path, "web") == [whole] and dump_files.is_whole(whole)
    name = new_name("web", AT + 1.0, 2)
    dump_files.open_part(tmp_path, name).close()
    with pytest.raises(Permanent, match="no dump can be written"):
        dump_files.open_part(tmp_path, name)
    (tmp_path / f"{name}{CHECKSUM}").write_text("of a part")
    dump_files.discard(tmp_path, name)
    assert sorted(one.name for one in tmp_path.iterdir()) == [whole.name, f"{whole.name}{CHECKSUM}"]


@pytest.mark.parametrize("spoil", [b"all of i!", b"", b"all of it and more"])
def test_what_its_checksum_does_not_say_is_not_whole(tmp_path: Path, spoil: bytes) -> None:
    whole = dumped(tmp_path)
    assert dump_files.is_whole(whole)
    whole.path.write_bytes(spoil)
    assert not dump_files.is_whole(whole)


def test_one_step_of_a_service_at_a_time(tmp_path: Path) -> None:
    """Another service has a lock of its own; what ended, in any way, gives its lock back."""
    for _ in range(2):
        with (
            dump_files.locked(tmp_path, "web"),
            dump_files.locked(tmp_path, "api"),
            pytest.raises(Refused, match="another step on the database of web is under way"),
            dump_files.locked(tmp_path, "web"),
        ):
            raise AssertionError("two at a time")
