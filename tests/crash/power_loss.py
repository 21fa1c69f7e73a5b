#!/usr/bin/env python3
"""Power loss at random moments under load: nothing acknowledged may be lost, doubled or reordered.

The server runs on a disk of ours (disk.py) that keeps what was synced, and of the rest whatever the
seed says: nothing, all, what came first, some of it, torn by sectors, names without contents. It is
killed as in kill_nine.py, with the same clients and the same promises; then the power goes. One time
in five it does not, and the next cut meets what two lives have left.
"""
import sys

sys.dont_write_bytecode = True
import collections  # noqa: E402
import pathlib  # noqa: E402

import disk  # noqa: E402
from house import Fault, House  # noqa: E402
from kill_nine import SETTINGS, Run, choose, options, play  # noqa: E402

POWER_STAYS = 0.2
SYNC_US = 3000  # at most: while a sync lasts, more is on its way that it does not cover


class PowerRun(Run):
    check_every = 10

    def make_house(self):
        self.folder = self.root / "disk"
        self.folder.mkdir(0o700)
        self.control = disk.Control(self.root / "control")
        self.control.sync_us(SYNC_US)
        self.disk = disk.Disk(self.folder, self.root / "log")
        self.manners = collections.Counter()
        library = pathlib.Path(self.chosen.disk).resolve()
        return House(str(pathlib.Path(self.chosen.canara).resolve()), self.root, SETTINGS,
                     self.folder / "data",
                     disk.environment(library, self.folder, self.root / "log", self.control.path))

    async def cycle(self):
        """Until the power goes; lives that end in a mere kill come on top."""
        self.is_cut = False
        while not self.is_cut:
            await super().cycle()

    async def bury(self, life):
        await life.buried()
        try:
            self.disk.adopt()
        except disk.Wrong as wrong:
            raise Fault(f"the model of the disk: {wrong}") from None
        if self.dice.random() < POWER_STAYS:
            self.manners["power stayed"] += 1
        else:
            self.is_cut = True
            self.manners[self.disk.cut(self.dice)] += 1

    def stopped(self):
        """A clean stop leaves nothing to lose: the model must know all, and the cut comes at once."""
        try:
            self.disk.check()
        except disk.Wrong as wrong:
            raise Fault(f"the model of the disk: {wrong}") from None
        self.manners[self.disk.cut(self.dice)] += 1

    def report(self):
        super().report()
        print("power          " + ", ".join(f"{count} {name}" for name, count in self.manners.most_common()))
        print(f"disk           {self.disk.syncs:,} syncs; of what was not synced {self.disk.kept_ops:,} operations "
              f"survived and {self.disk.lost_ops:,} were lost")


def main():
    parser = options(__doc__)
    parser.set_defaults(seconds_per_cycle=0.6)
    parser.add_argument("--disk", required=True, help="the library libcanara_disk.so")
    return play(PowerRun, choose(parser))


if __name__ == "__main__":
    sys.exit(main())
