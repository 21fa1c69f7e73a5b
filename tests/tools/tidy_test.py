#!/usr/bin/env python3
"""script/tidy remembers a unit only for as long as its source, its headers, and theirs, stay what they are; and it
walks the paths of all that ships, of tests and benches only those within a function."""
import contextlib
import importlib.machinery
import importlib.util
import io
import json
import pathlib
import sys
import tempfile

sys.dont_write_bytecode = True
SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "script" / "tidy"


def tidy_of(root):
    """The program, fresh, over a tree."""
    loader = importlib.machinery.SourceFileLoader("tidy", str(SCRIPT))
    tidy = importlib.util.module_from_spec(importlib.util.spec_from_loader("tidy", loader))
    loader.exec_module(tidy)
    tidy.ROOT, tidy.BUILD = root, root / "build"
    return tidy


def key_of_unit(root):
    (unit,) = tidy_of(root).units()
    return unit[1]


def batches_are_of_one_kind(root):
    """A handful is analysed as its first unit is, so no handful may hold what ships and what does not."""
    ships = [root / "src" / "low" / f"{name}.c" for name in ("a", "test", "bench_table", "contest")]
    runs = [root / name for name in ("src/low/a_test.c", "src/low/a_fuzz.c", "src/low/a_bench.c", "tests/support/unit.c", "bench/echo.c")]
    for path in ships + runs:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("int a;\n")
    tidy = tidy_of(root)
    assert not any(map(tidy.is_run, ships)), "what ships would be analysed as a test is"
    assert all(map(tidy.is_run, runs)), "a test would be analysed as what ships is"
    handfuls = list(tidy.batches([(path, "") for path in runs[:3] + ships + runs[3:]]))
    assert sorted(path for handful in handfuls for path, _ in handful) == sorted(ships + runs), "a unit is left out"
    for handful in handfuls:
        assert len({tidy.is_run(path) for path, _ in handful}) == 1, handful


def a_build_that_is_not_configured_is_said(root):
    tidy = tidy_of(root)
    tidy.CACHE = root / "cache"
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        assert tidy.main(), "nothing was looked at, and all is well"
    assert "cmake --preset clang" in said.getvalue(), said.getvalue()


def main():
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder).resolve()
        a_build_that_is_not_configured_is_said(root)
        (root / "src" / "low").mkdir(parents=True)
        (root / "build").mkdir()
        files = {root / ".clang-tidy": "Checks: '*'\n", root / "src" / "top.c": '#include "low/near.h"\n',
                 root / "src" / "low" / "near.h": '#include "low/far.h"\n', root / "src" / "low" / "far.h": "int far;\n"}
        for path, text in files.items():
            path.write_text(text)
        command = f"cc -I{root}/src -o top.o -c {root}/src/top.c"
        (root / "build" / "compile_commands.json").write_text(
            json.dumps([{"directory": str(root / "build"), "command": command, "file": str(root / "src" / "top.c")}]))
        before = key_of_unit(root)
        assert key_of_unit(root) == before, "the same tree has another key"
        for path, text in files.items():
            path.write_text(text + "\n")
            assert key_of_unit(root) != before, f"{path.name} changed, and the key did not"
            path.write_text(text)
        batches_are_of_one_kind(root)


if __name__ == "__main__":
    main()
