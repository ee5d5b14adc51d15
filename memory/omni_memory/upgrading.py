"""Making the file this version's: created where it is missing, copied and upgraded where it is older."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

from filelock import FileLock
from sqlalchemy import URL, NullPool, create_engine
from sqlalchemy.exc import SQLAlchemyError

from omni_agent.errors import MemoryStoreError

from .cipher import Driver
from .database import BUSY_SECONDS, CONNECT, immediate
from .failures import explained, reason

HEAD = "0002"
"""Revision of the newest migration, kept here so that opening an up-to-date file needs no Alembic."""

MIGRATIONS = Path(__file__).parent / "migrations"
LOCK_SECONDS = 120.0
# Alembic's `op` and `context` are globals of the process.
_ALEMBIC = threading.Lock()


def prepare(path: Path, key: str = "") -> None:
    """Make the file at `path` a database with this version's tables; blocks.

    Creates what is missing, readable for this user only. A database of an older version is copied to
    `NAME.bak-REVISION` and then upgraded in one transaction. `NAME.lock` keeps other processes out meanwhile.

    Args:
        path: The file.
        key: The passphrase that it has, or gets where it is new.

    Raises:
        MemoryStoreError: The file is damaged, another program's or a newer version's, it or its folder
            cannot be written, the key is wrong, or another process held the lock for two minutes.
    """
    driver = Driver(path, key)
    with explained(path, keyed=bool(key)):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with FileLock(f"{path}.lock", timeout=LOCK_SECONDS):
            _bring_up_to_date(path, driver)


def _bring_up_to_date(path: Path, driver: Driver) -> None:
    if not path.exists():
        path.touch(mode=0o600)
    with closing(driver.connect(timeout=BUSY_SECONDS)) as connection:
        found = _revision(connection, path)
        if found and found != HEAD:
            _check_known(found, path)
            _back_up(connection, _backup_path(path, found), driver)
        # Kept in the file; only here is it sure that no other connection stands in the way.
        connection.execute("PRAGMA journal_mode=WAL")
    if found != HEAD:
        with _ALEMBIC:
            _migrate(path, found, driver)


def _revision(connection: sqlite3.Connection, path: Path) -> str:
    """The schema's revision; empty for a database without tables."""
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if not tables:
        return ""
    if "alembic_version" not in tables:
        raise MemoryStoreError(
            f"{path} is a database of another program, and is left as it is",
            code="memory_foreign",
            remedy="name another file for the memory, or move this one away",
        )
    return ",".join(revision for (revision,) in connection.execute("SELECT version_num FROM alembic_version"))


def _check_known(found: str, path: Path) -> None:
    from alembic.script import ScriptDirectory

    if found not in {script.revision for script in ScriptDirectory(str(MIGRATIONS)).walk_revisions()}:
        raise MemoryStoreError(
            f"{path} was written by a newer version (revision {found}; this one knows up to {HEAD})",
            code="memory_newer",
            remedy="upgrade omni-agent-framework, or set OMNI_AGENT_HOME to another folder",
        )


def _backup_path(path: Path, revision: str) -> Path:
    return path.with_name(f"{path.name}.bak-{revision}")


def _back_up(connection: sqlite3.Connection, target: Path, driver: Driver) -> None:
    """Copy the database, what is still in its write-ahead log included; `target` appears only when whole."""
    unfinished = target.with_name(f"{target.name}.part")
    unfinished.unlink(missing_ok=True)
    unfinished.touch(mode=0o600)
    with closing(driver.connect(unfinished)) as copy:
        connection.backup(copy)
    unfinished.replace(target)


def _migrate(path: Path, found: str, driver: Driver) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    # A percent sign would be read as an interpolation.
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        module=driver.module,
        creator=lambda: driver.connect(**CONNECT),
        poolclass=NullPool,
    )
    try:
        with immediate(engine).begin() as connection:
            # A table that is rebuilt leaves its old pages behind, which a later erasure would not reach.
            connection.exec_driver_sql("PRAGMA secure_delete=ON")
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            # Foreign keys are off here, or rebuilding a table would delete what refers to it.
            if connection.exec_driver_sql("PRAGMA foreign_key_check").first():
                raise CommandError("rows refer to rows that do not exist")
    except (SQLAlchemyError, CommandError) as error:
        raise MemoryStoreError(
            f"{path} could not be upgraded and is unchanged: {reason(error)}",
            code="memory_upgrade_failed",
            remedy=f"a copy is in {_backup_path(path, found).name}; report this" if found else "report this",
        ) from error
    finally:
        engine.dispose()
