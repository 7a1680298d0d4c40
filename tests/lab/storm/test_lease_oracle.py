"""The world's account of leases: grants too early and writes of zombies are entered as broken."""

from watchdog.lab.storm.lease_oracle import Ledger


class Time:
    """Virtual time, and a store whose clock is its own."""

    now = 0.0
    store = 1000.0

    def ledger(self) -> Ledger:
        """Return an account that goes by it."""
        return Ledger(lambda: self.now, lambda: self.store)


def test_who_holds_writes_and_nobody_else() -> None:
    """Neither who lost it nor who never had it."""
    ledger = Time().ledger()
    ledger.granted("a.1", ("web",), 8.0)
    ledger.wrote("a.1", "web")
    assert ledger.broken == []
    ledger.wrote("b.1", "web")
    ledger.granted("a.1", (), 8.0)
    ledger.wrote("a.1", "web")
    assert ledger.broken == ["b.1 wrote web, which a.1 held", "a.1 wrote web, which nobody held"]


def test_a_grant_must_wait_until_the_last_one_has_run_out() -> None:
    """By the store's clock: it may be set."""
    time = Time()
    ledger = time.ledger()
    ledger.granted("a.1", ("web",), 8.0)
    time.now += 100.0
    ledger.granted("b.1", ("web",), 8.0)
    assert ledger.broken == ["web was granted to b.1 while a.1 held it"]
    time.store += 3600.0
    ledger.granted("a.1", ("web",), 8.0)
    assert len(ledger.broken) == 1 and ledger.holder("web") == "a.1"


def test_who_held_what_and_when() -> None:
    """By the start of a worker, or by its host."""
    time = Time()
    ledger = time.ledger()
    for at, worker in ((10.0, "a.1"), (20.0, "b.1"), (30.0, "a.2")):
        time.now, time.store = at, at * 1000
        ledger.granted(worker, ("web",), 8.0)
    assert ledger.held("web", "a.1", 12.0, 15.0) and not ledger.held("web", "a.1", 25.0, 28.0)
    assert ledger.held("web", "a", 12.0, 15.0) and ledger.held("web", "a", 31.0, 32.0)
    assert not ledger.held("web", "a", 21.0, 29.0) and not ledger.held("api", "a", 0.0, 99.0)
