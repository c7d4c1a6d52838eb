"""Recordings: journal records, one a line, compressed or not."""

from __future__ import annotations

import gzip
import importlib
import json
import os
import zlib
from typing import Any, BinaryIO, Callable, Dict, Iterator, List, Optional, Union

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
            with open(self._path, "rb") as file:
                try:
                    yield from _decoded(file, self._path)
                except (EOFError, zlib.error, gzip.BadGzipFile) as error:
                    found = f"the recording {self._path} is damaged at its end ({error})"
                    self.damage = f"{found}; the records before that were read"
        except OSError as error:
            raise EnsembleError("ERR_FILE", f"the recording {self._path} can't be read: {error}") from error


def _record(line: bytes) -> Optional[Record]:
    try:
        record = json.loads(line)
    except ValueError:
        return None
    if isinstance(record, dict) and "id" in record and isinstance(record.get("events"), list):
        return record
    return None


def _decoded(file: BinaryIO, path: str) -> Iterator[bytes]:
    """Yield the decompressed pieces of a file. Raises EOFError for one that breaks off, and the error of damaged data."""
    first = file.read(len(_ZSTD))
    file.seek(0)
    if first.startswith(_GZIP):
        with gzip.GzipFile(fileobj=file, mode="rb") as stream:
            yield from _read(stream)
    elif first == _ZSTD:
        yield from _zstd(file, path)
    else:
        yield from _read(file)


def _read(stream: Any) -> Iterator[bytes]:
    while True:
        # One read of the stream: the data before damage are not lost.
        piece = stream.read1(_PIECE)
        if not piece:
            return
        yield piece


def _zstd(file: BinaryIO, path: str) -> Iterator[bytes]:
    """Decompress Zstandard by Python 3.14, or by the package zstandard. Both have one decompressor for each frame."""
    try:
        module = importlib.import_module("compression.zstd")
        make: Callable[[], Any] = module.ZstdDecompressor
    except ImportError:
        try:
            module = importlib.import_module("zstandard")
        except ImportError:
            raise EnsembleError(
                "ERR_FILE",
                f"the recording {path} is compressed by Zstandard, which this Python can't read; use Python 3.14, "
                "install the package zstandard, or decompress the file with `zstd -d`",
            ) from None
        make = module.ZstdDecompressor().decompressobj
    frame = None
    for piece in _read(file):
        rest = piece
        while rest:
            frame = frame or make()
            try:
                yield frame.decompress(rest)
            except module.ZstdError as error:
                raise EOFError(str(error)) from error
            rest = frame.unused_data if frame.eof else b""
            frame = None if frame.eof else frame
    if frame is not None:
        raise EOFError("its last frame is not complete")
