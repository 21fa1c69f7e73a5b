#!/usr/bin/env python3
"""Power loss for the journal alone, with segments of 16 KiB that change, are cut and go all the time."""
import argparse
import pathlib
import random
import subprocess
import sys
import tempfile
import threading

sys.dont_write_bytecode = True
import disk  # noqa: E402

POWER_STAYS = 0.2
SYNC_US = 400


def life(chosen, root, environment, dice):
    """One life: (what the start found, the newest line that was durable)."""
    process = subprocess.Popen([chosen.probe, "write", str(root / "disk" / "journal")], stdout=subprocess.PIPE, text=True,
                               env=environment)
    killer = threading.Timer(dice.uniform(0.0, chosen.seconds), process.kill)
    killer.start()
    lines = process.stdout.read().split("\n")[:-1]  # what is behind the last newline was cut by the kill
    killer.cancel()
    if process.wait() != -9:
        raise SystemExit(f"FAILED: the writer ended by itself: {lines[-1:]}")
    found = int(lines[0].split()[1]) if lines else None
    return found, int(lines[-1].split()[-1]) if lines else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--probe", required=True, help="the program journal_probe")
    parser.add_argument("--disk", required=True, help="the library libcanara_disk.so")
    parser.add_argument("--cycles", type=int, default=40)
    parser.add_argument("--seconds", type=float, default=0.25, help="longest life (default 0.25)")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    dice, cuts, promised, oldest = random.Random(chosen.seed), 0, 0, 0
    with tempfile.TemporaryDirectory(prefix="canara-power-") as place:
        root = pathlib.Path(place)
        (root / "disk").mkdir(0o700)
        control = disk.Control(root / "control")
        control.sync_us(SYNC_US)
        model = disk.Disk(root / "disk", root / "log")
        environment = disk.environment(chosen.disk, root / "disk", root / "log", control.path)
        while cuts < chosen.cycles:
            found, durable = life(chosen, root, environment, dice)
            if found is not None and found < promised:
                raise SystemExit(f"FAILED in cycle {cuts}: {promised} was durable, the start found {found}")
            promised = max(promised, durable, found or 0)
            model.adopt()
            if dice.random() < POWER_STAYS:
                continue
            manner = model.cut(dice)
            cuts += 1
            if not (root / "disk" / "journal").exists():
                if promised:
                    raise SystemExit(f"FAILED in cycle {cuts} ({manner}): the folder is gone, {promised} was durable")
                continue
            # A look on its own: damage may only be at the torn end, which a start cuts.
            said = subprocess.run([chosen.probe, "read", str(root / "disk" / "journal")], stdout=subprocess.PIPE,
                                  text=True, check=False)
            if said.returncode != 0 or int(said.stdout.split()[3]) < promised:
                raise SystemExit(f"FAILED in cycle {cuts} ({manner}): {promised} was durable; {said.stdout}")
            oldest = int(said.stdout.split()[1])
        print(f"{cuts} power cuts, {promised} lines durable, the oldest kept {oldest}; {model.syncs} syncs, "
              f"{model.lost_ops} operations lost, {model.kept_ops} survived")
        print(f"{cuts} passed, 0 failed")
        control.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
