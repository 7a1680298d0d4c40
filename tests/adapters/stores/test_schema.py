"""The tables are SQL that both databases speak."""

import pytest
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateIndex, CreateTable

from watchdog.adapters.stores.schema import METADATA, CleanText


@pytest.mark.parametrize("module", [sqlite, postgresql], ids=lambda module: module.__name__.rpartition(".")[2])
def test_every_table_and_index_can_be_written_in_either_dialect(module) -> None:
    """PostgreSQL comes later; nothing in the tables stands in its way."""
    dialect = module.dialect()
    texts = [str(CreateTable(table).compile(dialect=dialect)) for table in METADATA.sorted_tables]
    texts += [
        str(CreateIndex(index).compile(dialect=dialect))
        for table in METADATA.tables.values()
        for index in table.indexes
    ]
    assert len(texts) > len(METADATA.tables) and all(text.strip().startswith("CREATE") for text in texts)


def test_text_is_cleaned_of_what_databases_refuse() -> None:
    clean = CleanText().process_bind_param
    assert clean("a\0b\ud800c", None) == "a\ufffdb?c"
    assert clean("🔥 ü \n", None) == "🔥 ü \n" and clean(None, None) is None
