#!/usr/bin/python3
"""Contract tests: start the real server and talk to it as a stranger would.

run.py --canara build/release/canara [--only PATTERN] [--jobs N] [--list]
PATTERN is part of "module.Class.test" or of a test's sentence. N classes of tests run at a time, each with
servers of its own: most of a test is waiting. The last line is "N passed, M failed".
"""
import argparse
import io
import itertools
import multiprocessing
import pathlib
import sys
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import support  # noqa: E402


def sentence(test):
    if not isinstance(test, unittest.TestCase):  # all of a class: "setUpClass (test_data.RealPeople)"
        return test.id()
    name = test.id().rsplit(".", 1)[1].removeprefix("test_").replace("_", " ")
    return f"{type(test).__module__.removeprefix('test_')}: {name}"


class Report(unittest.TestResult):
    """One line a test, in order, as it ends; faults in full below it."""

    def __init__(self, out):
        super().__init__()
        self.out = out
        self.passed = self.skipped_count = 0
        self.broken = []
        self.began = time.monotonic()

    def startTest(self, test):
        super().startTest(test)
        self.began = time.monotonic()

    def line(self, mark, test, more=""):
        print(f"{mark:7} {sentence(test)} ({time.monotonic() - self.began:.1f} s){more}", file=self.out, flush=True)

    def addSuccess(self, test):
        self.passed += 1
        self.line("ok", test)

    def bad(self, test, fault):
        self.broken.append(sentence(test))
        if isinstance(test, unittest.TestCase):
            self.line("FAILED", test)
        print("    " + self._exc_info_to_string(fault, test).replace("\n", "\n    "), file=self.out, flush=True)

    def addFailure(self, test, err):
        self.bad(test, err)

    def addError(self, test, err):
        self.bad(test, err)

    def addSubTest(self, test, subtest, err):
        if err is not None:
            print(f"    with {subtest._subDescription()}", file=self.out, flush=True)
            self.bad(test, err)

    def addSkip(self, test, reason):
        self.skipped_count += 1
        self.line("skipped", test, f": {reason}")


def tests_of(suite):
    for item in suite:
        if isinstance(item, unittest.TestSuite):
            yield from tests_of(item)
        else:
            yield item


groups = []  # the tests of a class each; made before workers are forked, who find them here


def run_group(number, out):
    """Run a class of tests; what is told of it later, and to whichever process."""
    report = Report(out)
    try:
        unittest.TestSuite(groups[number]).run(report)
    finally:
        support.stop_shared()
    return report.passed, report.skipped_count, report.broken


def run_group_apart(number):
    """The same in a worker: its lines come back whole, so that those of two classes do not mix."""
    out = io.StringIO()
    return run_group(number, out), out.getvalue()


def results_of(jobs):
    """What run_group() says of each group, as they end."""
    if jobs == 1:
        yield from (run_group(number, sys.stdout) for number in range(len(groups)))
        return
    with multiprocessing.get_context("fork").Pool(jobs) as pool:
        for result, text in pool.imap_unordered(run_group_apart, range(len(groups))):
            print(text, end="", flush=True)
            yield result


def main():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("--canara", default="build/release/canara")
    args.add_argument("--only", action="append", default=[])
    args.add_argument("--jobs", type=int, default=1, choices=range(1, 65), metavar="N")
    args.add_argument("--list", action="store_true")
    args = args.parse_args()
    support.program["path"] = str(pathlib.Path(args.canara).resolve())

    loader = unittest.TestLoader()
    found = list(tests_of(loader.discover(str(HERE), "test_*.py", str(HERE))))
    found += list(tests_of(loader.discover(str(HERE), "openapi_check.py", str(HERE))))
    if loader.errors:
        print(f"{loader.errors[0]}\n0 passed, {len(loader.errors)} failed")
        return 1
    chosen = [t for t in found if not args.only or any(p in t.id() or p in sentence(t) for p in args.only)]
    if not chosen:
        print(f"no test has {' or '.join(args.only)} in its name; --list prints them all\n0 passed, 1 failed")
        return 1
    if args.list:
        print("\n".join(sentence(t) for t in chosen))
        return 0
    if not pathlib.Path(support.program["path"]).exists():
        print(f"{args.canara} does not exist: build it first\n0 passed, 1 failed")
        return 1
    groups.extend(list(tests) for _, tests in itertools.groupby(chosen, type))
    groups.sort(key=lambda tests: not getattr(tests[0], "is_long", False))  # nobody waits for the long ones at the end
    passed = skipped = 0
    broken = {}
    for group_passed, group_skipped, group_broken in results_of(args.jobs):
        passed += group_passed
        skipped += group_skipped
        broken.update(dict.fromkeys(group_broken))
    for name in broken:
        print(f"failed: {name}")
    if skipped:
        print(f"{skipped} skipped")
    print(f"{passed} passed, {len(broken)} failed")
    return len(broken) != 0


if __name__ == "__main__":
    sys.exit(main())
