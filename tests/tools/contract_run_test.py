#!/usr/bin/env python3
"""tests/contract/run.py never says that all is well when it has run nothing: a name that no test has, and modules that
cannot be loaded, are failures. A class that is skipped as a whole is named."""
import os
import pathlib
import subprocess
import sys

RUN = pathlib.Path(__file__).resolve().parents[1] / "contract" / "run.py"


def run(*words, **more):
    done = subprocess.run([sys.executable, "-B", *words], capture_output=True, text=True, env={**os.environ, **more})
    return done.returncode, done.stdout


status, said = run(str(RUN), "--only", "no test has such a name")
assert status == 1 and said.endswith("\n0 passed, 1 failed\n"), (status, said)

status, said = run("-S", str(RUN), "--only", "a block is told")  # without Debian's packages
assert status == 1 and "No module named" in said and ", 0 failed" not in said, (status, said)
status, said = run(str(RUN), "--canara", sys.executable, "--only", "RealPeople", CANARA_DATA="/nowhere")
assert status == 0 and "skipped setUpClass (test_real_people.RealPeople) (0.0 s): data set" in said, (status, said)
print("3 passed, 0 failed")
