"""The framework's own small files: opened by many at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

from omni_agent.ledger import Ledger

SCHEMA = "CREATE TABLE IF NOT EXISTS notes (text TEXT)"


def test_many_open_a_new_file_at_once_and_all_may_write(tmp_path: Path) -> None:
    """One try in twenty-five met a lock that nobody waits for, before the ledger passed over it."""
    for number in range(60):
        ledgers = [Ledger(tmp_path / f"{number}.db", SCHEMA) for _ in range(6)]
        together = Barrier(len(ledgers))

        def write(ledger: Ledger, together: Barrier = together) -> None:
            together.wait()
            with ledger.transaction(durable=True) as database:
                database.execute("INSERT INTO notes VALUES ('here')")

        with ThreadPoolExecutor(len(ledgers)) as pool:
            list(pool.map(write, ledgers))
        with ledgers[0].transaction() as database:
            assert database.execute("SELECT count(*) FROM notes").fetchone()[0] == len(ledgers)
            assert database.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
        for ledger in ledgers:
            ledger.close()
