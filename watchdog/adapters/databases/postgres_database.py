"""A service's own PostgreSQL database: dumped, counted, restored, by the programs of the machine.

Theory. A restore is one transaction, which psql runs and whose text pg_restore writes. Its id is known, and saved by
the caller, before the first statement that changes anything; the server tells by it whether it was committed. The text
passes through this process: if that is killed, psql reads an end without COMMIT, and the server changes nothing.
"""

import asyncio
import hashlib
import re
from collections.abc import Awaitable, Callable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import IO, Any

from watchdog.adapters.databases.programs import Ended, Programs
from watchdog.domain.errors import Permanent, Temporary

PSQL = ("-X", "-A", "-t", "-q", "-w", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-f", "-")
COUNT_SECONDS = 60.0
_TABLES = r"""
SET statement_timeout = '{seconds:.0f}s';
BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY;
SELECT format('SELECT %1$L, count(*) FROM ONLY %1$s', format('%I.%I', n.nspname, c.relname))
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
   AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                    WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
 ORDER BY 1 \gexec
COMMIT;
"""
_PART = r'(?:"(?:[^"]|"")+"|[^".\s(]+)'
_COPY = re.compile(rf"COPY ({_PART}\.{_PART}) .*FROM stdin;\n".encode())
_END = b"\\.\n"
_BEGIN = b"BEGIN;\nSELECT txid_current();\n"
_CHUNK = 256 * 1024
# A random word in each dump: https://www.postgresql.org/docs/release/17.6/ (CVE-2025-8714).
_NO_SCHEMA = (b"--", b"\\restrict", b"\\unrestrict")


class Transaction(StrEnum):
    """The server's own word about a transaction."""

    COMMITTED = "committed"
    ABORTED = "aborted"
    IN_PROGRESS = "in progress"
    FORGOTTEN = ""


class PostgresDatabase:
    """One database, reached by `programs`."""

    def __init__(self, programs: Programs) -> None:
        self._programs = programs

    async def dump(self, file: "IO[Any]") -> None:
        """Write all of the database to a file. Raises Permanent with what pg_dump says."""
        ended = await self._programs.ran("pg_dump", "--format=custom", "--no-password", stdout=file)
        _check(ended, "pg_dump")

    async def rows_in(self, dump: Path) -> Mapping[str, int]:
        """Read a whole dump; return the rows of each table in it. Raises Permanent for one that is damaged."""
        words = ("--data-only", "--file=-", str(dump))
        async with self._programs.started("pg_restore", *words) as process:
            assert process.stdout is not None and process.stderr is not None
            rows, err = await asyncio.gather(_counted(process.stdout), process.stderr.read())
            _check(Ended(await process.wait(), b"", self._programs.said(err)), "pg_restore")
        return rows

    async def rows(self) -> Mapping[str, int]:
        """Return the rows of each table now, as of one moment. Raises Temporary if they cannot be counted in time."""
        ended = await self._programs.ran("psql", *PSQL, given=_TABLES.format(seconds=COUNT_SECONDS).encode())
        if ended.code:
            raise Temporary(f"psql: {ended.said}")
        lines = ended.out.decode(errors="replace").splitlines()
        return {name: int(count) for name, _, count in (line.rpartition("\t") for line in lines)}

    async def schema(self) -> str:
        """Return a digest of the schema, by which two moments are compared. Raises Permanent with what pg_dump says."""
        ended = await self._programs.ran("pg_dump", "--schema-only", "--no-password")
        _check(ended, "pg_dump")
        lines = [line for line in ended.out.splitlines() if line and not line.startswith(_NO_SCHEMA)]
        return hashlib.sha256(b"\n".join(lines)).hexdigest()

    async def restore(self, dump: Path, begun: Callable[[str], Awaitable[None]]) -> None:
        """Put a dump back, in one transaction; `begun` gets its id before anything is changed.

        What the dump has is replaced; a table that it has not stays. Raises Permanent with what went wrong; then the
        transaction was not committed, unless the connection was lost at its end: `transaction` tells.
        """
        clean = ("--clean", "--if-exists", "--single-transaction", "--file=-", str(dump))
        pipe = asyncio.subprocess.PIPE
        async with self._programs.started("psql", *PSQL, stdin=pipe) as psql:
            assert psql.stdin is not None and psql.stdout is not None and psql.stderr is not None
            err = asyncio.ensure_future(psql.stderr.read())
            try:
                psql.stdin.write(_BEGIN)
                await psql.stdin.drain()
                first = (await psql.stdout.readline()).strip()
                if not first.isdigit():
                    raise Permanent(f"psql: {self._programs.said(await err)}")
                await begun(first.decode())
                rest = asyncio.ensure_future(psql.stdout.read())
                async with self._programs.started("pg_restore", *clean) as source:
                    # Killed, never ended in order, if pg_restore fails: an end could read as the text's own.
                    _check(await self._pumped(source, psql.stdin), "pg_restore")
                psql.stdin.close()
                await rest
                _check(Ended(await psql.wait(), b"", self._programs.said(await err)), "psql")
            except (BrokenPipeError, ConnectionResetError):
                # It ended while it was written to: its own code and words say why.
                _check(Ended(await psql.wait(), b"", self._programs.said(await err)), "psql")
                raise Permanent("psql ended before the dump did") from None
            finally:
                err.cancel()

    async def _pumped(self, source: asyncio.subprocess.Process, into: asyncio.StreamWriter) -> Ended:
        """Hand on all that a program writes; return its end."""
        assert source.stdout is not None and source.stderr is not None
        err = asyncio.ensure_future(source.stderr.read())
        while chunk := await source.stdout.read(_CHUNK):
            into.write(chunk)
            await into.drain()
        return Ended(await source.wait(), b"", self._programs.said(await err))

    async def transaction(self, number: str) -> Transaction:
        """Return what became of a transaction, by the server's own word. Raises Temporary if it does not answer."""
        if not number.isdigit():
            return Transaction.FORGOTTEN
        ended = await self._programs.ran("psql", *PSQL, given=f"SELECT txid_status({number});\n".encode())
        if ended.code:
            raise Temporary(f"psql: {ended.said}")
        return Transaction(ended.out.decode(errors="replace").strip())


async def _counted(text: asyncio.StreamReader) -> Mapping[str, int]:
    """Return the rows of each table in the data of a dump, as pg_restore writes it: one line a row."""
    rows: dict[str, int] = {}
    table, rest = "", b""
    while chunk := await text.read(_CHUNK):
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            table = _line(line + b"\n", table, rows)
    return rows


def _line(line: bytes, table: str, rows: dict[str, int]) -> str:
    """Count one line, and return the table that the next one belongs to."""
    if table:
        if line == _END:
            return ""
        rows[table] += 1
        return table
    found = _COPY.fullmatch(line)
    if found is None:
        return ""
    name = found[1].decode(errors="replace")
    rows.setdefault(name, 0)
    return name


def _check(ended: Ended, program: str) -> None:
    if ended.code:
        raise Permanent(f"{program} failed (code {ended.code}): {ended.said or 'it says nothing'}")
