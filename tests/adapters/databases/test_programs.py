"""What the programs of a step get, and what an error of theirs may show: scripts in the place of PostgreSQL's."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from watchdog.adapters.databases.connection import connection
from watchdog.adapters.databases.dump_files import locked
from watchdog.adapters.databases.programs import Programs
from watchdog.domain.errors import Permanent

URL = "postgresql://ann:c4n%404ry@db.internal:6432/shop?sslmode=require"
SHELL = {"PATH": os.environ["PATH"], "HOME": "/somewhere", "PGHOST": "elsewhere", "PGOPTIONS": "-c x=y"}
SHELL |= {"PGSERVICE": "another", "WATCHDOG_HTTP_TOKEN": "secret", "SHOP_URL": URL}


@pytest.fixture
def programs(tmp_path: Path) -> Iterator[Programs]:
    with locked(tmp_path / "dumps", "web") as lock:
        yield Programs(tmp_path, SHELL, connection(URL, "SHOP_URL"), lock)


def script(programs: Programs, text: str, name: str = "psql") -> str:
    """Put a script in the folder of the programs; return its path."""
    assert programs.folder is not None
    path = programs.folder / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize("at", ["c4n%404ry", "c4n@4ry", URL])
async def test_no_error_shows_the_password_as_it_is_written_or_as_it_is_meant(programs: Programs, at: str) -> None:
    script(programs, f"echo 'no such role: {at}' >&2; exit 2")
    ended = await programs.ran("psql")
    assert (ended.code, ended.said) == (2, "no such role: ***")
    assert "c4n" not in repr(programs) and programs.connection.place == "shop on db.internal"


async def test_postgresqls_programs_connect_where_the_address_says_and_nowhere_else(programs: Programs) -> None:
    """No variable of the shell changes that, and no secret of the daemon's reaches them."""
    script(programs, "env")
    seen = dict(line.split("=", 1) for line in (await programs.ran("psql")).out.decode().splitlines())
    assert {name: text for name, text in seen.items() if name.startswith("PG")} == {
        "PGHOST": "db.internal", "PGPORT": "6432", "PGUSER": "ann", "PGPASSWORD": "c4n@4ry", "PGDATABASE": "shop",
        "PGSSLMODE": "require", "PGAPPNAME": "watchdog", "PGCONNECT_TIMEOUT": "10",
    }  # fmt: skip
    assert seen["HOME"] == "/somewhere" and "WATCHDOG_HTTP_TOKEN" not in seen


async def test_a_command_of_the_users_own_has_the_shell_it_was_typed_in_but_no_secret_of_the_daemon(
    programs: Programs, tmp_path: Path
) -> None:
    command = script(programs, f"env > {tmp_path}/seen; exit 7", "down")
    assert await programs.ran_command([command], os.open(os.devnull, os.O_WRONLY)) == 7
    seen = (tmp_path / "seen").read_text()
    assert "WATCHDOG_HTTP_TOKEN" not in seen and "PGHOST=elsewhere" in seen and f"SHOP_URL={URL}" in seen


async def test_every_program_holds_the_lock_of_its_step(programs: Programs) -> None:
    """One that lost its parent still works: until it ends, no other step of the service begins."""
    held = script(programs, f"test -e /proc/self/fd/{programs.lock}")
    assert (await programs.ran("psql")).code == 0
    assert await programs.ran_command([held], 2) == 0


async def test_a_program_that_is_not_there_is_said(programs: Programs) -> None:
    with pytest.raises(Permanent, match="there is no pg_dump in "):
        await programs.ran("pg_dump")
    assert programs.found("no-such-program") is None and programs.found("sh") is not None
