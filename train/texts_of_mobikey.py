#!/usr/bin/env python3
"""Make free text of MOBIKEY's passwords, to try texts on people before there is a set of texts.

usage: train/texts_of_mobikey.py MOBIKEY OUT     MOBIKEY: what `canara dataset import mobikey` has made

Writes four data sets: OUT/mixed, OUT/mixed-touch, OUT/cross and OUT/cross-touch. A text is entries of one person one
behind the other, with the class and zone that a client would tell of each key, with or without pressure, size and
place of each touch. "mixed": the three passwords once each, in any order. "cross": enrolled with two of them, three
a text; tried with the third alone, four times a text. Enrolment is the first two thirds of each person's entries;
impostors are the first five texts of everybody else that have no part in the enrolment's words (cross) or any (mixed).
These are development sets: passwords typed again and again are no letters to a friend."""
import json
import pathlib
import random
import sys

ROWS = {"l1": "qwert", "r1": "yuiop", "l2": "asdfg", "r2": "hjkl", "l3": "zxcvb", "r3": "nm"}
ZONE = {letter: zone for zone, letters in ROWS.items() for letter in letters}
MODE = "\0"  # a key that changes the layout or the case
WORDS = {"kicsikutyatarka": "kicsikutyatarka", "tie5roanl": f".tie{MODE}5{MODE}{MODE}Roanl",
         "kktsf2-2014": f"{MODE}Kktsf{MODE}2!2014"}
LAST = "tie5roanl"  # what "cross" is tried with
MOTION, TOUCH = ("ax", "ay", "az"), ("pressure", "size", "x", "y")


def looks(key):
    if key.lower() in ZONE:
        return {"class": "letter", "zone": ZONE[key.lower()]}
    return {"class": "digit" if key.isdigit() else "modifier" if key == MODE else "punct"}


def entries(mobikey):
    """{person: {word: [keys of an entry, in time order]}}"""
    people = {}
    for word, typed in WORDS.items():
        for line in open(mobikey / word / "events.jsonl", encoding="utf-8"):
            event = json.loads(line)
            keys = event["data"]["keys"]
            if len(keys) != len(typed):
                sys.exit(f"{mobikey / word}: an entry of {len(keys)} keys, {len(typed)} are wanted")
            keys = [{**{n: v for n, v in k.items() if n not in MOTION}, **looks(c)} for k, c in zip(keys, typed)]
            people.setdefault(event["user_email"], {}).setdefault(word, []).append(keys)
    return people


def text(parts, rng, touch):
    keys, begin = [], 0.0
    for part in parts:
        for key in part:
            key = {n: v for n, v in key.items() if touch or n not in TOUCH}
            keys.append({**key, "down": round(key["down"] + begin, 1), "up": round(key["up"] + begin, 1)})
        begin = max(k["up"] for k in keys) + rng.uniform(300, 900)
    return keys


def mixed(words, i, rng):
    order = sorted(words)
    rng.shuffle(order)
    return [words[w][i] for w in order]


def cross(words, i, rng, entries_each, enrolled):
    if i < enrolled:
        known = [w for w in sorted(words) if w != LAST]
        return [words[w][i] for w in known + [rng.choice(known)]]
    first = 4 * (i - enrolled)
    return words[LAST][first:first + 4] if first + 4 <= entries_each else None


def write(out, people, is_cross, touch):
    rng = random.Random(7)
    out.mkdir(parents=True)
    about = {"name": out.name, "source": "made of MOBIKEY (Antal and Nemes 2016)", "licence": "as MOBIKEY",
             "modality": "keystrokes"}
    (out / "dataset.json").write_text(json.dumps(about) + "\n", encoding="utf-8")
    genuine, first = {}, {}
    with open(out / "events.jsonl", "w", encoding="utf-8") as events, \
            open(out / "enrol.tsv", "w", encoding="utf-8") as enrol:
        for email in sorted(people):
            words, person = people[email], email.split("@")[0]
            n = min(len(e) for e in words.values())
            enrolled = 2 * n // 3
            genuine[person], first[person] = [], []
            for i in range(n):
                parts = cross(words, i, rng, n, enrolled) if is_cross else mixed(words, i, rng)
                if parts is None:
                    break
                session = f"{person}-{i:03d}"
                at = f"2020-01-{6 + i // 20:02d}T09:{i % 20:02d}:00.000Z"
                data = {"field": "message", "keys": text(parts, rng, touch)}
                events.write(json.dumps({"timestamp": at, "event_type": "keystrokes", "data": data,
                                         "session_id": session, "user_email": email}) + "\n")
                if i < enrolled:
                    enrol.write(f"{person}\t{session}\n")
                else:
                    genuine[person].append(session)
                if len(first[person]) < 5 and (i >= enrolled or not is_cross):
                    first[person].append(session)
    with open(out / "trials.tsv", "w", encoding="utf-8") as trials:
        for person, own in genuine.items():
            trials.writelines(f"{person}\t{session}\tgenuine\n" for session in own)
            trials.writelines(f"{person}\t{session}\timpostor\n" for other in first if other != person
                              for session in first[other])


def main():
    if len(sys.argv) != 3 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    people, out = entries(pathlib.Path(sys.argv[1])), pathlib.Path(sys.argv[2])
    for is_cross, name in ((False, "mixed"), (True, "cross")):
        for touch in (False, True):
            write(out / (name + ("-touch" if touch else "")), people, is_cross, touch)


if __name__ == "__main__":
    main()
