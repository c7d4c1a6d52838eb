"""Recordings: journal records, one a line, compressed or not."""

from __future__ import annotations

import gzip
import importlib
import json
import os
import zlib
from typing import Any, BinaryIO, Dict, Iterator, List, Optional, Union

from .errors import EnsembleError
from .table import Table

Path = Union[str, "os.PathLike[str]"]
Record = Dict[str, Any]

_PIECE = 1 << 20
_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"


class Recording:
    """The records of a recording, read to its end or to its damage."""

    def __init__(self, records: List[Record], skipped: int, damage: Optional[str]) -> None:
        self.records = records
        """The journal records, each with ``id`` and ``events``; the first one of a job has its ``jobspec``."""
        self.skipped = skipped
        """Lines that are not journal records, as the torn last line of a run that was killed."""
        self.damage = damage
        """Words for a compressed file that breaks off; None for a whole one."""

    def __len__(self) -> int:
        return len(self.records)

    def __iter__(self) -> Iterator[Record]:
        return iter(self.records)

    def events(self) -> Table:
        """Return a row for each event of a job, in the order of the recording.

        The columns: ``job`` (the id as a number), ``group`` (None for another job of the queue), ``time`` (seconds since
        the epoch), ``name``, and the ``context`` of the event.
        """
        groups: Dict[int, Optional[str]] = {}
        rows = Table()
        for record in self.records:
            job = record["id"]
            jobspec = record.get("jobspec")
            if jobspec is not None:
                groups[job] = _group(jobspec)
            for event in record["events"]:
                rows.append(
                    {
                        "job": job,
                        "group": groups.get(job),
                        "time": event["timestamp"],
                        "name": event["name"],
                        "context": event.get("context", {}),
                    }
                )
            if any(event["name"] == "clean" for event in record["events"]):
                # The last event of a job. Its id does not come again.
                groups.pop(job, None)
        return rows


def read_recording(path: Path) -> Recording:
    """Read a recording into memory: ``*.ndjson``, also compressed by gzip or Zstandard.

    The first bytes of the file identify its compression. Raises EnsembleError ``ERR_FILE`` for a file that can't be
    read, and for Zstandard where this Python can't read it.
    """
    reader = _Reader(path)
    records = list(reader)
    return Recording(records, reader.skipped, reader.damage)


def iter_recording(path: Path) -> Iterator[Record]:
    """Yield the records of a recording of any size. Lines that are not journal records are left out.

    Raises as ``read_recording``, and ``ERR_FILE`` where a compressed file breaks off, after its last record.
    """
    reader = _Reader(path)
    yield from reader
    if reader.damage is not None:
        raise EnsembleError("ERR_FILE", reader.damage)


def _group(jobspec: Any) -> Optional[str]:
    try:
        return str(jobspec["attributes"]["user"]["group"])
    except (KeyError, TypeError):
        return None


class _Reader:
    """Yields the records of a file, and keeps the faults that it has met."""

    def __init__(self, path: Path) -> None:
        self._path = os.fspath(path)
        self.skipped = 0
        self.damage: Optional[str] = None

    def __iter__(self) -> Iterator[Record]:
        for line in self._lines():
            record = _record(line)
            if record is not None:
                yield record
            elif line.strip():
                self.skipped += 1

    def _lines(self) -> Iterator[bytes]:
        rest = b""
        for piece in self._pieces():
            *lines, rest = (rest + piece).split(b"\n")
            yield from lines
        yield rest

    def _pieces(self) -> Iterator[bytes]:
        try:
            with open(self._path, "rb") as file, _opened(file, self._path) as stream:
                while True:
                    try:
                        piece = stream.read1(_PIECE) if hasattr(stream, "read1") else stream.read(_PIECE)
                    except Exception as error:
                        if stream is file or not _is_damage(error):
                            raise
                        self.damage = f"the recording {self._path} is damaged at its end ({error}); the records before that were read"
                        return
                    if not piece:
                        return
                    yield piece
        except OSError as error:
            raise EnsembleError("ERR_FILE", f"the recording {self._path} can't be read: {error}") from error


def _is_damage(error: Exception) -> bool:
    return isinstance(error, (EOFError, zlib.error, gzip.BadGzipFile)) or type(error).__name__ == "ZstdError"


def _record(line: bytes) -> Optional[Record]:
    try:
        record = json.loads(line)
    except ValueError:
        return None
    if isinstance(record, dict) and "id" in record and isinstance(record.get("events"), list):
        return record
    return None


def _opened(file: BinaryIO, path: str) -> Any:
    first = file.read(len(_ZSTD))
    file.seek(0)
    if first.startswith(_GZIP):
        return gzip.GzipFile(fileobj=file, mode="rb")
    if first == _ZSTD:
        return _zstd(file, path)
    return file


def _zstd(file: BinaryIO, path: str) -> Any:
    """Open a file of Zstandard by Python 3.14, or by the package zstandard."""
    try:
        return importlib.import_module("compression.zstd").ZstdFile(file)
    except ImportError:
        pass
    try:
        zstandard = importlib.import_module("zstandard")
    except ImportError:
        raise EnsembleError(
            "ERR_FILE",
            f"the recording {path} is compressed by Zstandard, which this Python can't read; use Python 3.14, install the "
            "package zstandard, or decompress the file with `zstd -d`",
        ) from None
    return zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True)
