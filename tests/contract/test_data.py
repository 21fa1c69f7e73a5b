"""Real behaviour over real sockets: every event of the data sets in order in the buffer file and the summary."""
import csv
import io
import os
import pathlib
import subprocess
import tarfile
import unittest

from sockets import Socket
from support import ROOT, Case

EVENTS_MAX = 600
BATCH = 8


def folder(name):
    there = pathlib.Path(os.environ.get("CANARA_DATA") or ROOT.parent / "shared" / "data") / name
    if there.is_dir():
        return there
    raise unittest.SkipTest(f"data set {name} not found")


def mobikey_entries():
    """Each typed password as a keystrokes event, out of the raw key log."""
    with tarfile.open(folder("mobikey") / "mobikey-raw.tar.xz") as archive:
        for member in archive:
            if not member.name.endswith("Keystrokes.csv"):
                continue
            rows, last = [], None
            for line in io.TextIOWrapper(archive.extractfile(member), encoding="utf-8", errors="replace"):
                cells = [c.strip() for c in line.rstrip("\n").split(",")]
                try:  # the key itself may be a comma, so count from the end
                    down, up, pressure, area = (float(c) for c in cells[-12:-8])
                    entry = (member.name, cells[0], cells[2], cells[-2], cells[-1])
                except (ValueError, IndexError):
                    continue
                if entry != last and rows:
                    yield from entry_event(rows)
                    rows = []
                last = entry
                rows.append((down, up, pressure, area))
            if rows:
                yield from entry_event(rows)


def entry_event(rows):
    first = rows[0][0]
    made, floor = [], 0.0
    for down, up, pressure, area in rows[:512]:
        floor = max(floor, down - first)
        made.append({"down": floor, "up": max(floor, up - first), "class": "other", "pressure": pressure, "size": area})
    if made[-1]["up"] <= 600000 and max(k["up"] for k in made) <= 600000:
        yield {"event_type": "keystrokes", "data": {"field": "note", "keys": made}}


def balabit_paths():
    """Pieces of 100 points of the recorded sessions as pointer events."""
    archive = folder("balabit-mouse") / "balabit-labelled.tar.zst"
    with subprocess.Popen(["zstd", "-d", "--long=27", "-c", str(archive)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as unpack:
        with tarfile.open(fileobj=unpack.stdout, mode="r|") as files:
            for member in files:
                if not member.isfile() or "session_" not in member.name:
                    continue
                points, buttons = [], {"NoButton": 0, "Left": 1, "Right": 2}
                for row in csv.reader(io.StringIO(files.extractfile(member).read().decode("ascii"))):
                    try:
                        point = [round(float(row[1]) * 1000, 3), float(row[4]), float(row[5]), buttons.get(row[2], 0)]
                    except (ValueError, IndexError):
                        continue
                    if point[1] <= 5000 and point[2] <= 5000:
                        points.append(point)
                    if len(points) == 100:
                        yield {"event_type": "pointer", "data": {"points": points}}
                        points = []
        unpack.kill()


def first(items, count):
    out = []
    for item in items:
        out.append(item)
        if len(out) == count:
            break
    return out


class RealData(Case):
    # People of many sets in one session are no one: only the transport is asked about here.
    settings = {"MONITOR_THRESHOLD": "1", "SUSPICIOUS_THRESHOLD": "1", "HIGH_RISK_THRESHOLD": "1"}

    def stream(self, events):
        self.assertGreater(len(events), 100)
        user = self.user()
        with Socket(user) as link:
            sent = []
            for start in range(0, len(events), BATCH):
                batch = [{**e, "seq": start + i + 1} for i, e in enumerate(events[start:start + BATCH])]
                sent.append(len(batch))
                link.send(batch)
            counts = [link.receive_type("data_received")["count"] for _ in sent]
            self.assertEqual(counts, sent)
        said = user.summary()
        self.assertEqual((said["total_events"], sum(said["event_breakdown"].values())), (len(events), min(1000, len(events))))
        kind = events[0]["event_type"]
        lines = [line["data"] for line in self.server.buffer(user, len(events)) if line["event_type"] == kind]
        self.assertEqual(len(lines), len(events))
        for got, want in zip(lines, events):
            self.assertEqual(got, want["data"])

    def test_typed_passwords_of_mobikey_arrive_whole_and_in_order(self):
        self.stream(first(mobikey_entries(), EVENTS_MAX))

    def test_mouse_paths_of_balabit_arrive_whole_and_in_order(self):
        self.stream(first(balabit_paths(), EVENTS_MAX))


if __name__ == "__main__":
    unittest.main()
