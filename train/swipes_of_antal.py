#!/usr/bin/env python3
"""Make touch events of Antal's strokes, to try raw swipes on people before there is a set of them.

usage: train/swipes_of_antal.py ANTAL OUT     ANTAL: what `canara dataset import antal-scroll-touch` has made

Antal publishes 15 features of a stroke, each within 0..1. A swipe is drawn that has the same ends, duration, largest
distance from the line between its ends, pressure and area; how it speeds up, its trembling of .6 px and the rate of
60 points a second are made up, the same for everybody. Sessions, enrolment and trials are Antal's.
These are development sets: they show what the way over points loses, not what fingers do between two points."""
import json
import math
import pathlib
import random
import shutil
import sys

WIDTH, HEIGHT, SECONDS, AWAY = 1080, 1920, 2.0, 400  # what 1 stands for: px, px, s, px
DURATION, X0, Y0, X1, Y1, DEVIATION, PRESSURE, AREA = 0, 1, 2, 3, 4, 9, 13, 14  # columns
DOWN, MOVE, UP = 0, 1, 2


def swipe(values):
    """Points [t_ms, x, y, pressure, area, phase] of one stroke; the same values give the same points."""
    luck = random.Random(str(values))
    x0, y0, x1, y1 = values[X0] * WIDTH, values[Y0] * HEIGHT, values[X1] * WIDTH, values[Y1] * HEIGHT
    ms = max(60, values[DURATION] * SECONDS * 1000)
    steps = max(5, min(200, int(ms * 60 / 1000)))
    length = math.hypot(x1 - x0, y1 - y0) or 1.0
    across = (-(y1 - y0) / length, (x1 - x0) / length)
    power = luck.uniform(0.6, 1.6)
    points = []
    for i in range(steps + 1):
        way = (i / steps) ** power
        bow = 4 * way * (1 - way) * values[DEVIATION] * AWAY
        x = x0 + (x1 - x0) * way + across[0] * bow + luck.gauss(0, 0.6)
        y = y0 + (y1 - y0) * way + across[1] * bow + luck.gauss(0, 0.6)
        pressure = max(0.0, values[PRESSURE] * (1 + luck.gauss(0, 0.05)))
        area = max(0.0, values[AREA] * (1 + luck.gauss(0, 0.05)))
        phase = DOWN if i == 0 else UP if i == steps else MOVE
        points.append([round(i / steps * ms, 1), round(x, 1), round(y, 1), round(pressure, 4), round(area, 4), phase])
    return points


def main():
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    antal, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    out.mkdir(parents=True)
    for name in ("enrol.tsv", "trials.tsv"):
        shutil.copyfile(antal / name, out / name)
    about = json.loads((antal / "dataset.json").read_text(encoding="utf-8"))
    about.update(name="swipes-of-antal", modality="touch", note="points drawn to features: train/swipes_of_antal.py")
    (out / "dataset.json").write_text(json.dumps(about) + "\n", encoding="utf-8")
    with open(antal / "events.jsonl", encoding="utf-8") as lines, open(out / "events.jsonl", "w", encoding="utf-8") as f:
        for line in lines:
            event = json.loads(line)
            event["data"] = {"points": swipe(event["data"]["values"])}
            event["event_type"] = "touch"
            f.write(json.dumps(event, separators=(",", ":")) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
