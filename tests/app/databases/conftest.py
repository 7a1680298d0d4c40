"""The database of a shop, in a server that the tests of this process share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.app.databases.database_scene import Shop
from tests.support.postgres_server import PostgresServer
from tests.support.postgres_server import postgres_server as postgres_server


@pytest.fixture
def shop(postgres_server: PostgresServer, tmp_path: Path) -> Iterator[Shop]:
    url = postgres_server.new_database()
    yield Shop(postgres_server, tmp_path, url)
    postgres_server.drop_database(url)
