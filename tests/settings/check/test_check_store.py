"""The store in `watchdog check --live`: its state is reported, nothing is changed, no password comes out."""

from pathlib import Path

from tests.settings.texts import SMALL, changed, loaded
from tests.support.child_processes import python
from tests.support.clocks import FakeClock
from tests.support.postgres_server import PostgresServer, new_postgres_url, postgres_server  # noqa: F401 - fixtures
from watchdog.adapters.stores import build_store
from watchdog.settings.check.check import CheckOutcome, CheckResult
from watchdog.settings.check.check_store import check_store


async def checked(url: str) -> CheckResult:
    settings = loaded(changed("channels:", "store: postgresql\nchannels:", SMALL), {"WATCHDOG_STORE_URL": url})
    (result,) = await check_store(settings)
    assert result.name == "store"
    return result


async def test_an_empty_database_stays_empty(postgres_server: PostgresServer, new_postgres_url: str) -> None:  # noqa: F811
    for _ in range(2):
        found = await checked(new_postgres_url)
        assert found == CheckResult("store", CheckOutcome.OK, "answers; `watchdog run` will make its tables")
    assert postgres_server.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'", new_postgres_url) == [
        (0,)
    ]


async def test_a_database_in_use_is_well(postgres_server: PostgresServer, new_postgres_url: str) -> None:  # noqa: F811
    store = build_store(new_postgres_url, FakeClock())
    await store.open()
    await store.close()
    assert await checked(new_postgres_url) == CheckResult("store", CheckOutcome.OK, "answers, and its tables are there")
    postgres_server.execute("UPDATE watchdog_schema SET version_num = '0001'", new_postgres_url)
    assert (await checked(new_postgres_url)).what == "answers; `watchdog run` will migrate its tables (0001)"


async def test_who_may_not_make_tables_is_told(postgres_server: PostgresServer, new_postgres_url: str) -> None:  # noqa: F811
    postgres_server.execute("CREATE ROLE guest LOGIN", new_postgres_url)
    found = await checked(new_postgres_url.replace("watchdog@", "guest@"))
    assert found.outcome is CheckOutcome.FAIL and "may not make tables" in found.what


async def test_a_database_that_is_away_says_what_to_do_and_no_password() -> None:
    found = await checked("postgresql://watchdog:canary-password@127.0.0.1:1/watchdog")
    assert found.outcome is CheckOutcome.FAIL and "WATCHDOG_STORE_URL" in found.fix and "canary" not in repr(found)


async def test_a_file_needs_no_check(tmp_path: Path) -> None:
    assert await check_store(loaded(SMALL)) == []


def test_a_database_that_is_away_hides_no_other_result(tmp_path: Path) -> None:
    """Typed: the store is one line among the others, and the exit code shows it."""
    (tmp_path / "watchdog.yaml").write_text(
        "version: 1\nstore: postgresql\ncontrol: []\nvendor_status: []\nchannels: {console: {}}\n"
        'services: {web: {signals: {home: {http: "http://127.0.0.1:1"}}}}\n'
    )
    url = "postgresql://watchdog:canary-password@127.0.0.1:1/watchdog"
    done = python("-m", "watchdog", "check", "--live", cwd=tmp_path, WATCHDOG_STORE_URL=url)
    assert done.returncode == 1 and "canary" not in done.stdout + done.stderr
    assert "the store does not answer" in done.stdout and "web/home" in done.stdout
