#!/usr/bin/env python3
"""Hold the documents to the tree: every test, function and file that they name exists.

In docs/threats.md and docs/asvs.md a line "- `path`: `name`, `name`" names tests of that file, and a
line "- `path`" a file that is one test as a whole, which a CMakeLists.txt beside it must run.
docs/threats.md must have the rows 1 to 32, each with such a line or with a line "Not yet: ...".
In all documents, `name()` must be a function or macro of the code or of the C library, `folder/file` and, of src/,
`floor/file` and `floor/room/file` must exist.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
DOCUMENTS = sorted(str(p.relative_to(ROOT)) for p in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("tests/**/*.md")))
FOLDERS = "bench|cmake|docs|examples|fuzz|include|packaging|script|src|tests|web|\\.ci"
FLOORS = "|".join(sorted(p.name for p in (ROOT / "src").iterdir() if p.is_dir()))
THREATS = 32
faults = []


def read(path):
    return (ROOT / path).read_text(encoding="utf-8")


def paragraphs(text):
    """(number of its first line, the whole on one line) of every paragraph, row and item of a list."""
    first, whole = 0, ""
    for number, line in enumerate([*text.splitlines(), ""], 1):
        if whole and re.match(r"\s*(?:$|[-*|#>]|\d+\.|```)", line):
            yield first, whole
            whole = ""
        if not whole:
            first = number
        whole = f"{whole} {line.strip()}" if whole else line.rstrip()


def test_exists(path, name):
    """A C test is a function of cmocka's shape, a Python test a method."""
    form = rf"^static void {name}\(void \*\*" if path.endswith(".c") else rf"^\s+def {name}\(self"
    return re.search(form, read(path), re.M) is not None


def check_tests(document, text):
    named = 0
    for number, line in paragraphs(text):
        whole = re.match(r"- `([^`]+)`$", line)
        if whole:
            named += 1
            path = ROOT / whole.group(1)
            if not path.is_file() or not (path.parent / "CMakeLists.txt").is_file():
                faults.append(f"{document}:{number}: {whole.group(1)} is not run")
            continue
        match = re.match(r"- `([^`]+\.(?:c|py))`: (`.*)$", line)
        if not match:
            continue
        path = match.group(1)
        if not (ROOT / path).is_file():
            faults.append(f"{document}:{number}: no file {path}")
            continue
        for name in re.findall(r"`([A-Za-z0-9_]+)`", match.group(2)):
            named += 1
            if not test_exists(path, name):
                faults.append(f"{document}:{number}: {path} has no test {name}")
    return named


def check_rows(text):
    rows = re.split(r"^### (\d+)\. ", text, flags=re.M)
    numbers = [int(n) for n in rows[1::2]]
    if numbers != list(range(1, THREATS + 1)):
        faults.append(f"docs/threats.md: rows are {numbers}, not 1 to {THREATS}")
    for number, body in zip(numbers, rows[2::2]):
        if not re.search(r"^- `[^`]+`(: `|$)", body, re.M) and "Not yet:" not in body:
            faults.append(f"docs/threats.md: row {number} has neither a test nor a \"Not yet:\"")


def identifiers():
    names = set()
    for pattern in ("src/**/*.[ch]", "include/*.h", "tests/**/*.[chp]*", "bench/*"):
        for path in ROOT.glob(pattern):
            if path.is_file() and path.suffix in (".c", ".h", ".py"):
                names.update(re.findall(r"\b([A-Za-z_][A-Za-z0-9_]*)\(", path.read_text(encoding="utf-8")))
    return names


def check_names(document, text, known):
    for number, line in paragraphs(text):
        for code in re.findall(r"`([^`]+)`", line):
            for name in re.findall(r"^([A-Za-z_][A-Za-z0-9_]*)\(\)$", code):
                if name not in known:
                    faults.append(f"{document}:{number}: no function {name}()")
            match = re.match(rf"((?:{FOLDERS})/[^\s*{{]*)$", code)
            if match and not re.search(r"/NAME\b", code) and not (ROOT / match.group(1).rstrip("/")).exists():
                faults.append(f"{document}:{number}: no file {match.group(1)}")
            match = re.match(rf"((?:{FLOORS})/[\w/]+\.[ch])$", code)
            if match and not (ROOT / "src" / match.group(1)).exists():
                faults.append(f"{document}:{number}: no file src/{match.group(1)}")
        for target in re.findall(r"\]\(([^)#:]+)\)", line):
            if not (ROOT / document).parent.joinpath(target).exists():
                faults.append(f"{document}:{number}: a link leads nowhere: {target}")


def main():
    known = identifiers()
    named = 0
    for document in DOCUMENTS:
        if not (ROOT / document).is_file():
            faults.append(f"{document} is missing")
            continue
        text = read(document)
        check_names(document, text, known)
        if document in ("docs/threats.md", "docs/asvs.md"):
            named += check_tests(document, text)
    if (ROOT / "docs/threats.md").is_file():
        check_rows(read("docs/threats.md"))
    for fault in faults:
        print(fault)
    print(f"{len(DOCUMENTS)} documents, {named} tests named, {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
