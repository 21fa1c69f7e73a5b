#!/usr/bin/env python3
"""script/tidy remembers a unit only for as long as its source, its headers, and theirs, stay what they are."""
import importlib.machinery
import importlib.util
import json
import pathlib
import sys
import tempfile

sys.dont_write_bytecode = True
SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "script" / "tidy"


def key_of_unit(root):
    """A fresh look at the one unit of a tree."""
    loader = importlib.machinery.SourceFileLoader("tidy", str(SCRIPT))
    tidy = importlib.util.module_from_spec(importlib.util.spec_from_loader("tidy", loader))
    loader.exec_module(tidy)
    tidy.ROOT, tidy.BUILD = root, root / "build"
    (unit,) = tidy.units()
    return unit[1]


def main():
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder).resolve()
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


if __name__ == "__main__":
    main()
