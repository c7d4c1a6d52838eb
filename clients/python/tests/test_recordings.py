"""Recordings of real runs, whole and damaged."""

from __future__ import annotations

import gzip
import importlib
import unittest
from pathlib import Path
from typing import Callable, Optional

from flux_ensemble import EnsembleError, iter_recording, read_recording

from .support import SWEEP, RunTest


def compressor() -> Optional[Callable[[bytes], bytes]]:
    """The function that makes one frame of Zstandard; None where this Python has none."""
    try:
        return importlib.import_module("compression.zstd").compress
    except ImportError:
        pass
    try:
        return importlib.import_module("zstandard").compress
    except ImportError:
        return None


COMPRESS = compressor()


class Recordings(RunTest):
    def record(self, name: str) -> Path:
        path = self.folder / name
        self.start(SWEEP, record=path).wait()
        return path

    def test_the_events_of_a_run_are_rows(self) -> None:
        recording = read_recording(self.record("r.ndjson"))
        self.assertEqual((recording.skipped, recording.damage), (0, None))
        events = recording.events()
        submits = [event for event in events if event["name"] == "submit"]
        self.assertEqual([event["group"] for event in submits], ["square"] * 4 + ["bad"] * 2)
        self.assertEqual(len({event["job"] for event in submits}), 6)
        finishes = [event for event in events if event["name"] == "finish"]
        self.assertEqual(sorted(event["context"]["status"] for event in finishes), [0, 0, 0, 0, 768, 768])
        self.assertTrue(all(event["time"] > 1e9 for event in events))
        self.assertEqual(len(events.columns()["context.status"]), len(events))

    def test_a_compressed_recording_is_the_same(self) -> None:
        path = self.record("r.ndjson.gz")
        whole = read_recording(path)
        self.assertEqual(len([event for event in whole.events() if event["name"] == "submit"]), 6)
        plain = self.folder / "plain.ndjson"
        plain.write_bytes(gzip.decompress(path.read_bytes()))
        self.assertEqual(read_recording(plain).records, whole.records)
        self.assertEqual(list(iter_recording(path)), list(whole))

    def test_a_recording_that_breaks_off_is_read_to_that_place(self) -> None:
        path = self.record("r.ndjson.gz")
        whole = read_recording(path)
        torn = self.folder / "torn.gz"
        torn.write_bytes(path.read_bytes()[:-20])
        part = read_recording(torn)
        self.assertRegex(part.damage or "", r"torn\.gz is damaged at its end")
        self.assertGreater(len(part), 0)
        self.assertEqual(part.records, whole.records[: len(part)])
        with self.assertRaises(EnsembleError) as caught:
            list(iter_recording(torn))
        self.assertEqual(caught.exception.code, "ERR_FILE")

    def test_a_torn_last_line_is_skipped(self) -> None:
        path = self.record("r.ndjson")
        whole = read_recording(path)
        path.write_bytes(path.read_bytes()[:-10] + b"\n[1]\n\n")
        torn = read_recording(path)
        self.assertEqual((torn.records, torn.skipped), (whole.records[:-1], 2))

    def test_a_missing_file_is_reported(self) -> None:
        for read in (read_recording, lambda path: list(iter_recording(path))):
            with self.assertRaises(EnsembleError) as caught:
                read(self.folder / "nowhere")
            self.assertEqual(caught.exception.code, "ERR_FILE")
            self.assertIn("nowhere", caught.exception.message)

    @unittest.skipIf(COMPRESS is not None, "this Python reads Zstandard")
    def test_zstandard_is_refused_with_a_remedy(self) -> None:
        path = self.folder / "r.ndjson.zst"
        path.write_bytes(b"\x28\xb5\x2f\xfd" + bytes(100))
        with self.assertRaises(EnsembleError) as caught:
            read_recording(path)
        self.assertEqual(caught.exception.code, "ERR_FILE")
        self.assertIn("install the package zstandard", caught.exception.message)

    @unittest.skipIf(COMPRESS is None, "the package zstandard is not installed")
    def test_zstandard_is_read_over_its_frames(self) -> None:
        path = self.record("r.ndjson")
        data = path.read_bytes()
        frames = self.folder / "r.ndjson.zst"
        frames.write_bytes(COMPRESS(data[:1000]) + COMPRESS(data[1000:]))
        self.assertEqual(read_recording(frames).records, read_recording(path).records)
        frames.write_bytes(COMPRESS(data[:1000]) + COMPRESS(data[1000:])[:-50])
        part = read_recording(frames)
        self.assertRegex(part.damage or "", "its last frame is not complete")
        self.assertEqual(part.records, read_recording(path).records[: len(part)])
