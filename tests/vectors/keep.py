"""What the scripts that make golden vectors share: print them, or look whether the kept file is the same."""
import sys


def main(name, rows):
    made = "".join(row + "\n" for row in rows)
    if sys.argv[1:2] == ["--check"] and len(sys.argv) == 3:
        with open(sys.argv[2], encoding="ascii") as kept:
            same = kept.read() == made
        if not same:
            print(f"{sys.argv[2]} is not what {name}.py writes: run {name}.py > {name}.txt")
        return 0 if same else 1
    sys.stdout.write(made)
    return 0
