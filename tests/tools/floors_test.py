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
    "src/base/buf.c": '#include "base/buf.h"\n#include <stdio.h>\n',
    "src/base/buf.h": "",
    "src/lab/sets/set.c": '#include "lab/sets/set.h"\n#include "base/buf.h"\n#include "canara.h"\n',
    "src/lab/sets/set.h": "",
    "src/lab/sets/set_test.c": '#include "lab/people/fit.h"\n',
    "src/lab/people/fit.c": '#include "lab/sets/set.h"\n',
    "src/lab/people/fit_test.c": '#include "lab/people/group_test.h"\n#include "tests/support/unit.h"\n',
    "src/lab/people/group_test.h": "",
    "src/app/rules/rule.h": '#include "lab/people/fit.h"\n#include "base/buf.h"\n',
    "src/app/main.c": '#include "app/rules/rule.h"\n',
}
BAD = [
    ("a floor above", "src/base/buf.c", '#include "lab/sets/set.h"\n', "floor 'base' may not include"),
    ("a room above", "src/lab/sets/set.c", '#include "lab/people/fit.h"\n', "room 'lab/sets' may not include"),
    ("a floor above, of a test", "src/base/buf_test.c", '#include "lab/sets/set.h"\n', "floor 'base' may not include"),
    ("a header that is in no room, of a test", "src/lab/sets/set_test.c", '#include "lab/set.h"\n',
     "room 'lab/sets' may not include"),
    ("a header that is in no room", "src/lab/sets/set.c", '#include "lab/set.h"\n', "room 'lab/sets' may not include"),
    ("a file in no room", "src/lab/set.c", "", "not in a declared room of floor 'lab'"),
    ("a room that nobody declared", "src/lab/other/set.c", "", "not in a declared room of floor 'lab'"),
    ("a room of a floor without rooms", "src/base/text/buf.c", "", "not in a declared room of floor 'base'"),
    ("a room in a room", "src/lab/sets/more/set.c", "", "not in a declared room of floor 'lab'"),
    ("a floor that nobody declared", "src/attic/old.c", "", "directory is not a declared floor"),
    ("a header of tests", "src/lab/people/fit.c", '#include "lab/people/group_test.h"\n', "only a test may include"),
    ("support of tests", "src/lab/people/fit.c", '#include "tests/support/unit.h"\n', "floor 'lab' may not include"),
    ("a floor that uses one above", "CMakeLists.txt", "add_floor(base USES lab)\n" + HOUSE[len("add_floor(base)\n"):],
     "base uses lab, which is not declared below it"),
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
