#!/usr/bin/env python3
"""tests/check_floors.py lets a file include what stands below it, and says of each other include where it stands."""
import contextlib
import importlib.util
import io
import pathlib
import sys
import tempfile

sys.dont_write_bytecode = True
CHECK = pathlib.Path(__file__).resolve().parents[1] / "check_floors.py"
HOUSE = "add_floor(base)\nadd_floor(lab ROOMS sets people USES base)\nadd_floor(app ROOMS rules USES lab)\n"
GOOD = {
    "src/base/buf.c": '#include "base/buf.h"\n#include <stdio.h>\n#include <lab/not/ours.h>\n',
    "src/base/buf.h": "/*\n * Floor      base\n */\n",
    "src/lab/sets/set.c": '#include "lab/sets/set.h"\n#include "base/buf.h"\n#include "canara.h"\n',
    "src/lab/sets/set.h": "/*\n * Floor      lab/sets (tests only)\n */\n",
    "src/lab/sets/set_test.c": '#include "lab/people/fit.h"\n',
    "src/lab/people/fit.c": '#include "lab/sets/set.h"\n',
    "src/lab/people/fit_test.c": '#include "lab/people/group_test.h"\n#include "tests/support/unit.h"\n',
    "src/lab/people/group_test.h": "",
    "src/app/rules/rule.h": '#include "lab/people/fit.h"\n#include "base/buf.h"\n',
    "src/app/rules/fit.c": "",
    "src/app/main.c": '#include "app/rules/rule.h"\n',
}
UP, NOWHERE = "may not include", "not in a declared room of floor 'lab'"
BAD = [
    ("a floor above", "src/base/buf.c", '#include "lab/sets/set.h"\n', f"floor 'base' {UP}"),
    ("the same as the compiler's own", "src/base/buf.c", "#include <lab/sets/set.h>\n", f"floor 'base' {UP}"),
    ("a room above", "src/lab/sets/set.c", '#include "lab/people/fit.h"\n', f"room 'lab/sets' {UP}"),
    ("a floor above, of a test", "src/base/buf_test.c", '#include "lab/sets/set.h"\n', f"floor 'base' {UP}"),
    ("a header that is in no room", "src/lab/sets/set.c", '#include "lab/set.h"\n', f"room 'lab/sets' {UP}"),
    ("the same, of a test", "src/lab/sets/set_test.c", '#include "lab/set.h"\n', f"room 'lab/sets' {UP}"),
    ("a file in no room", "src/lab/one.c", "", NOWHERE),
    ("a main of a floor that has none", "src/lab/main.c", '#include "lab/people/fit.h"\n', NOWHERE),
    ("a main in a room in a room", "src/lab/sets/more/main.c", "", NOWHERE),
    ("a room that nobody declared", "src/lab/other/one.c", "", NOWHERE),
    ("a room in a room", "src/lab/sets/more/one.c", "", NOWHERE),
    ("assembly in no room", "src/lab/one.S", "", NOWHERE),
    ("a room of a floor without rooms", "src/base/text/one.c", "", "not in a declared room of floor 'base'"),
    ("a floor that nobody declared", "src/attic/old.c", "", "directory is not a declared floor"),
    ("what the build does not find", "src/lab/sets/one.inc", "", "only .S, .c, .h are found"),
    ("a header of tests", "src/lab/people/fit.c", '#include "lab/people/group_test.h"\n', "only a test may include"),
    ("a header of fuzz targets", "src/lab/people/fit.c", '#include "lab/people/all_fuzz.h"\n', "only a test may include"),
    ("a path that is none of ours", "src/lab/people/fit.c", '#include "set.h"\n', f"floor 'lab' {UP}"),
    ("support of tests", "src/lab/people/fit.c", '#include "tests/support/unit.h"\n', f"floor 'lab' {UP}"),
    ("other things of tests", "src/lab/people/fit_test.c", '#include "tests/crash/disk.h"\n', f"floor 'lab' {UP}"),
    ("the same name in two rooms", "src/lab/sets/fit.c", "", "fit.c is the name of several files of one floor"),
    ("a head that says another place", "src/lab/sets/set.h", "/*\n * Floor      lab\n */\n", "its head says floor 'lab'"),
    ("a floor that uses one above", "CMakeLists.txt", HOUSE.replace("(base)", "(base USES lab)"),
     "base uses lab, which is not declared below it"),
    ("a room that is not there", "CMakeLists.txt", HOUSE.replace("sets people", "sets people more"),
     "there is no room lab/more"),
    ("a room named twice", "CMakeLists.txt", HOUSE.replace("sets people", "sets people sets"),
     "lab names the room sets twice"),
]


def said_of(files):
    """Whether something is at fault in a tree of these files, and what is said."""
    check = importlib.util.module_from_spec(spec := importlib.util.spec_from_file_location("check", CHECK))
    spec.loader.exec_module(check)
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for name, text in files.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text)
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            bad = check.main(root)
        return bad, said.getvalue()


def main():
    house = {"CMakeLists.txt": HOUSE, **GOOD}
    bad, said = said_of(house)
    assert not bad, said
    assert said == "3 floors, 3 rooms, no upward include\n", said
    for what, name, text, expected in BAD:
        bad, said = said_of({**house, name: text})
        assert bad and expected in said, f"{what}: {said}"
        assert len(said.splitlines()) == 1, f"{what}: {said}"


if __name__ == "__main__":
    main()
