"""The one database file in the data folder, and how it is read and written.

SQLite in WAL mode with ``synchronous=FULL``: a transaction that has been committed survives ``kill -9`` and loss of
power. Readers see one state from begin to end and never wait; writers wait for each other on a lock of this
process first, so that they do not spin on the lock of the file.

A module that keeps tables has a ``SCHEMA`` script beside the code that uses them (``CREATE TABLE IF NOT EXISTS``).
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

__all__ = ["Database"]

FILE_NAME = "render-ws.sqlite3"
BUSY_TIMEOUT_S = 60.0
CACHE_KB = 16_384
MMAP_BYTES = 2**28
CHECKPOINT_PAGES = 16_384


class Database:
    """Connections to the file, one per thread.

    Parameters
    ----------
    folder : Path
        The data folder; made (for its user only) when it is absent.
    schemas : sequence of str
        Scripts that create the tables.

    Raises
    ------
    ValueError
        When the database file is a link or no plain file, so that nothing outside the folder is touched.
    """

    def __init__(self, folder: Path, schemas: Sequence[str]) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path = folder.resolve() / FILE_NAME
        if self.path.is_symlink() or (self.path.exists() and not self.path.is_file()):
            raise ValueError(f"{self.path} must be a plain file, not a link or a device")
        if not self.path.exists():
            os.close(os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        self._local = threading.local()
        self._writing = threading.Lock()
        self._all: list[sqlite3.Connection] = []
        connection = self._connection()
        connection.execute("PRAGMA journal_mode=WAL")
        for script in schemas:
            connection.executescript(script)

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """Give a connection that sees one unchanging state.

        Nested calls of one thread share the outer state.
        """
        connection = self._connection()
        if connection.in_transaction:
            yield connection
            return
        connection.execute("BEGIN")
        try:
            yield connection
        finally:
            connection.execute("COMMIT")

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """Give a connection in a transaction that is durable on return and undone by an exception."""
        connection = self._connection()
        with self._writing:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    def close(self) -> None:
        """Close all connections; threads must be done."""
        for connection in self._all:
            connection.close()
        self._all.clear()

    def _connection(self) -> sqlite3.Connection:
        """Return this thread's connection."""
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = sqlite3.connect(
                self.path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False, cached_statements=256
            )
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("PRAGMA foreign_keys=OFF")
            connection.execute(f"PRAGMA cache_size=-{CACHE_KB}")
            connection.execute(f"PRAGMA mmap_size={MMAP_BYTES}")
            connection.execute(f"PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES}")
            connection.execute(f"PRAGMA journal_size_limit={MMAP_BYTES}")
            self._local.connection = connection
            self._all.append(connection)
        return connection
