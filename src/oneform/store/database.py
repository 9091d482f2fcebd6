"""The database file: created, opened by one process, closed; every act one transaction, every fault one clear refusal."""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import duckdb

from oneform import problems, schema
from oneform.errors import StoreBusyError, StoreError
from oneform.schema import Schema
from oneform.store import tables

NAME = "oneform.duckdb"
HEAD = "oneform.head"
_LOCK_WAIT = 5.0  # seconds another process is given to finish
_SPARE = 64  # MB that must stay free on the disk whatever is imported
_SETTINGS = {
    "python_enable_replacements": "false",  # a table name may never mean a Python variable
    "autoinstall_known_extensions": "false",  # no network
    "checkpoint_threshold": "256MB",  # the default made a 40-row commit take a second
}


@dataclass(frozen=True)
class Store:
    """An open workspace: `connection` is handed to the engine, never to a stage."""

    folder: Path
    connection: duckdb.DuckDBPyConnection
    schema: Schema
    lost: str = ""  # the batches that the head file knows and the database does not; then nothing may be written

    @contextmanager
    def transaction(self, *, keep: bool = True) -> Iterator[None]:
        """All of it or nothing; a full disk or a broken file becomes a refusal that says so. Not `keep`: nothing."""
        if self.lost and keep:
            raise problems.refusal("OF707", lost=self.lost, head=self.folder / HEAD)
        self.connection.execute("BEGIN")
        try:
            yield
            self.connection.execute("COMMIT" if keep else "ROLLBACK")
        except duckdb.Error as cause:
            _rollback(self.connection)
            raise _refusal(cause, self.folder) from None
        except BaseException:
            _rollback(self.connection)
            raise

    def settle(self) -> None:
        """After a commit: write the log into the file, and the newest batch and op into the head file beside it."""
        try:
            self.connection.execute("CHECKPOINT")
        except duckdb.Error:
            return  # committed and in the log; the next open replays it
        _write_head(self.folder, _newest(self.connection))

    def ensure_space(self, need_mb: int) -> None:
        """Refuse before anything is written: a full disk cannot be undone by the database (OF701)."""
        free = shutil.disk_usage(self.folder).free // 2**20
        if free < need_mb + _SPARE:
            raise problems.refusal("OF701", need=need_mb + _SPARE, free=free)


def create(folder: Path, bound: Schema) -> None:
    """Make a workspace in a folder; an existing database is left alone."""
    try:
        for name in ("", "inbox", "outbox", "schemas", "mappings"):
            (folder / name).mkdir(parents=True, exist_ok=True)
    except OSError:
        raise problems.usage(
            f"无法在 {folder} 建立工作区，请检查路径和权限。", f"cannot make a workspace in {folder}."
        ) from None
    if (folder / NAME).exists():
        return
    try:
        with _connected(folder / NAME, creating=True) as connection:
            (folder / NAME).chmod(0o600)
            connection.execute("BEGIN")
            for statement in (*tables.SYSTEM, *schema.ddl(bound), *tables.VIEWS):
                connection.execute(statement)
            connection.execute("INSERT INTO meta VALUES ('format', $format)", {"format": str(tables.FORMAT)})
            connection.execute("COMMIT")
            connection.execute("CHECKPOINT")
    except BaseException:
        for name in (NAME, f"{NAME}.wal"):  # half a database would be refused for ever
            (folder / name).unlink(missing_ok=True)
        raise


@contextmanager
def opened(folder: Path, bound: Schema) -> Iterator[Store]:
    """Open a workspace for one command. OF702 when another process holds it, OF703/OF704 when the file is no good."""
    if not (folder / NAME).is_file():
        raise problems.usage(
            f"{folder.resolve()} 里还没有数据库，请先运行 oneform init。",
            f"no database in {folder.resolve()}; run oneform init first.",
        )
    with _connected(folder / NAME) as connection:
        _check_format(connection, folder)
        _migrate(connection, folder, bound)
        yield Store(folder, connection, bound, _lost(connection, folder))


def _newest(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """The last op and batch that the database holds; 0 where there is none."""
    op, batch = connection.execute(
        "SELECT coalesce((SELECT max(op) FROM op), 0), coalesce((SELECT max(import_id) FROM import_batch), 0)"
    ).fetchall()[0]
    return {"op": op, "batch": batch}


def _lost(connection: duckdb.DuckDBPyConnection, folder: Path) -> str:
    """What the head file says was taken in and the database no longer holds; "" when nothing is missing.

    A head that is absent or behind the database (a crash between the commit and the head) is written anew.
    """
    held = _newest(connection)
    try:
        said = json.loads((folder / HEAD).read_bytes())
        op, batch = int(said["op"]), int(said["batch"])
    except (OSError, ValueError, TypeError, KeyError):
        op, batch = 0, 0
    if op > held["op"]:
        first, last = held["batch"] + 1, batch
        return f"第 {first} 批" if first == last else f"第 {first}–{last} 批" if first < last else "最近的操作"
    if (op, batch) != (held["op"], held["batch"]):
        with suppress(OSError):  # a folder that cannot be written is read all the same
            _write_head(folder, held)
    return ""


def _write_head(folder: Path, newest: dict[str, int]) -> None:
    write_whole(folder / HEAD, json.dumps(newest).encode())


@contextmanager
def _connected(path: Path, *, creating: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection; where the file cannot be written, one that only reads. Every fault of the database is a refusal."""
    config: dict[str, str | bool | int | float | list[str]] = {**_SETTINGS}
    if creating:
        config["storage_compatibility_version"] = "v1.5.0"
    deadline = time.monotonic() + _LOCK_WAIT
    read_only = False
    while True:
        try:
            connection = duckdb.connect(str(path), config=config, read_only=read_only)
            break
        except duckdb.Error as cause:
            refused = _refusal(cause, path.parent)
            if isinstance(refused, StoreBusyError) and time.monotonic() < deadline:
                time.sleep(0.2)
            elif isinstance(refused, StoreError) and refused.code == "OF706" and not (creating or read_only):
                read_only = True
            else:
                raise refused from None
    try:
        yield connection
    except duckdb.Error as cause:
        raise _refusal(cause, path.parent) from None
    except RuntimeError as cause:
        if str(cause) == "Query interrupted":  # what the engine makes of Ctrl-C
            raise KeyboardInterrupt from None
        raise
    finally:
        connection.close()


def _refusal(cause: duckdb.Error, folder: Path) -> Exception:
    """What a database error means to the user; its text may quote cells, so only the process number is read from it."""
    text = str(cause).replace(str(folder), "")  # a folder may be called anything
    if "lock" in text and isinstance(cause, duckdb.IOException):
        pid = re.search(r"PID ([0-9]+)", text)
        return problems.refusal("OF702", who=f"进程 {pid[1]}" if pid else "另一个进程")
    if "not a valid DuckDB" in text or "magic bytes" in text:
        return problems.refusal("OF704", file=folder / NAME)
    if isinstance(cause, duckdb.OutOfMemoryException):
        return problems.refusal("OF705")
    if re.search("Read-only file system|Permission denied|read-only mode", text):
        return problems.refusal("OF706", file=folder / NAME)
    if re.search("No space left on device|Could not write|File too large|quota exceeded", text):
        return problems.refusal("OF701", need=_SPARE, free=shutil.disk_usage(folder).free // 2**20)
    broken = duckdb.IOException | duckdb.SerializationException | duckdb.FatalException | duckdb.InternalException
    if isinstance(cause, broken) or re.search("Corrupt|checksum|replaying WAL", text):
        return problems.refusal("OF703", what="读取失败", what_en="reading failed")
    return RuntimeError(f"{type(cause).__name__} in the store")  # a bug of ours; the text may hold values


def _rollback(connection: duckdb.DuckDBPyConnection) -> None:
    try:
        connection.execute("ROLLBACK")
    except duckdb.Error:  # the failed commit already ended the transaction
        return


def _check_format(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    try:
        found = connection.execute("SELECT value FROM meta WHERE key = 'format'").fetchall()
    except duckdb.CatalogException:
        raise problems.refusal("OF704", file=folder / NAME) from None
    if not found or int(found[0][0]) > tables.FORMAT:
        raise problems.refusal(
            "OF703", what="由更新版本的 oneform 写成，请先升级程序", what_en="written by a newer oneform; upgrade first"
        )


def _migrate(connection: duckdb.DuckDBPyConnection, folder: Path, bound: Schema) -> None:
    """Bring the tables up to the program and the schema: tables and columns are added, after a copy; nothing is dropped."""
    present: dict[str, set[str]] = {}
    for table, column in connection.execute(
        "SELECT table_name, column_name FROM information_schema.columns"
    ).fetchall():
        present.setdefault(table, set()).add(column)
    statements = []
    for statement in (*tables.SYSTEM, *schema.ddl(bound)):
        head, _, body = statement.partition("(")
        table = head.removeprefix("CREATE TABLE").strip(' "')
        if table not in present:
            statements.append(statement)
            continue
        statements += [
            f'ALTER TABLE "{table}" ADD COLUMN "{name}" {kind}'
            for name, kind in re.findall(r'"?([a-z_0-9]+)"? ([A-Z]+(?:\[\])?)', body)
            if name not in present[table]
        ]
    if not statements:
        return
    connection.execute("CHECKPOINT")
    shutil.copy2(folder / NAME, folder / f"{NAME}.before-migration")
    for statement in (*statements, *tables.VIEWS):
        connection.execute(statement)
    connection.execute("DELETE FROM meta WHERE key = 'format'")
    connection.execute("INSERT INTO meta VALUES ('format', $format)", {"format": str(tables.FORMAT)})
    connection.execute("CHECKPOINT")


def write_whole(path: Path, content: bytes) -> None:
    """A file that is whole or absent: written beside, flushed to disk, renamed."""
    handle, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(beside).replace(path)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
