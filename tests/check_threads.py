#!/usr/bin/env python3
"""check_threads.py BUILD - holds tests/threads.txt against the test programs of a build with gcc.

ThreadSanitizer runs the programs named there and no others; so each that can start a thread or take a lock
must be named, and one that cannot must not.
"""
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
CALLS = {"pthread_create", "pthread_mutex_lock"}


def calls(programs):
    """For each program, the functions that it takes from shared libraries."""
    out = subprocess.run(["nm", "-A", "-D", "-u", *map(str, programs)], capture_output=True, text=True, check=True).stdout
    taken = {}
    for line in out.splitlines():
        program, _, rest = line.partition(":")
        kind, name = rest.split()[-2:]
        if kind == "U":  # a weak one is only looked for, as gcov's library does
            taken.setdefault(program, set()).add(name.split("@")[0])
    return taken


def main():
    build = pathlib.Path(sys.argv[1])
    named = set((ROOT / "tests/threads.txt").read_text().split())
    floor = {s: s.relative_to(ROOT).parts[1] for s in ROOT.glob("src/**/*_test.c")}
    tests = {str(build / f"{of}_{s.stem}"): f"{of}/{s.stem}" for s, of in floor.items()}
    found = {tests[program] for program, names in calls(tests).items() if names & CALLS}
    for name in sorted(found - named):
        print(f"tests/threads.txt: {name} starts a thread or takes a lock, and is not named")
    for name in sorted(named - found):
        print(f"tests/threads.txt: {name} is named, and neither starts a thread nor takes a lock")
    return found != named


if __name__ == "__main__":
    sys.exit(main())
