#!/usr/bin/python3
"""Contract tests: start the real server and talk to it as a stranger would.

run.py --canara build/release/canara [--only PATTERN] [--list]
PATTERN is part of "module.Class.test" or of a test's sentence. The last line is "N passed, M failed".
"""
import argparse
import pathlib
import sys
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import support  # noqa: E402


def sentence(test):
    name = test.id().rsplit(".", 1)[1].removeprefix("test_").replace("_", " ")
    return f"{type(test).__module__.removeprefix('test_')}: {name}"


class Report(unittest.TestResult):
    """One line a test, in order, as it ends; faults in full below it."""

    def __init__(self):
        super().__init__()
        self.passed = self.skipped_count = 0
        self.broken = []
        self.began = 0.0

    def startTest(self, test):
        super().startTest(test)
        self.began = time.monotonic()

    def line(self, mark, test, more=""):
        print(f"{mark:7} {sentence(test)} ({time.monotonic() - self.began:.1f} s){more}", flush=True)

    def addSuccess(self, test):
        self.passed += 1
        self.line("ok", test)

    def bad(self, test, fault):
        self.broken.append(sentence(test) if isinstance(test, unittest.TestCase) else str(test))
        if isinstance(test, unittest.TestCase):
            self.line("FAILED", test)
        print("    " + self._exc_info_to_string(fault, test).replace("\n", "\n    "), flush=True)

    def addFailure(self, test, err):
        self.bad(test, err)

    def addError(self, test, err):
        self.bad(test, err)

    def addSubTest(self, test, subtest, err):
        if err is not None:
            print(f"    with {subtest._subDescription()}", flush=True)
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


def main():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("--canara", default="build/release/canara")
    args.add_argument("--only", action="append", default=[])
    args.add_argument("--list", action="store_true")
    args = args.parse_args()
    support.program["path"] = str(pathlib.Path(args.canara).resolve())

    loader = unittest.TestLoader()
    found = list(tests_of(loader.discover(str(HERE), "test_*.py", str(HERE))))
    found += list(tests_of(loader.discover(str(HERE), "openapi_check.py", str(HERE))))  # last: it looks back
    chosen = [t for t in found if not args.only or any(p in t.id() or p in sentence(t) for p in args.only)]
    if args.list:
        print("\n".join(sentence(t) for t in chosen))
        return 0
    if not pathlib.Path(support.program["path"]).exists():
        print(f"{args.canara} does not exist: build it first\n0 passed, 1 failed")
        return 1
    report = Report()
    try:
        unittest.TestSuite(chosen).run(report)
    finally:
        support.stop_shared()
    failed = len(set(report.broken))
    for name in dict.fromkeys(report.broken):
        print(f"failed: {name}")
    if report.skipped_count:
        print(f"{report.skipped_count} skipped")
    print(f"{report.passed} passed, {failed} failed")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
