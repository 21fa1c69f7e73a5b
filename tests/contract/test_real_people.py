"""Real people of MOBIKEY over real sockets: after some sessions each is accepted, and another at his account is challenged.

Nobody whom the server meets is in the model: every second person trains it, the others come to the server.
"""
import json
import os
import pathlib
import subprocess
import tempfile
import time
import unittest

from sockets import Socket
from websockets.exceptions import ConnectionClosed
from support import Case, User, program
from test_data import folder

SET = "kktsf2-2014"
OWNERS = 6
ENROLLED = 40  # entries, in order of time
A_SESSION = 4  # entries typed in one session
ACCEPTED_MIN, CHALLENGED_MIN = 5, 3  # of OWNERS; 6 and 4 on 2026-11-28


def canara(*words):
    done = subprocess.run([program["path"], *words], capture_output=True, text=True, check=False, timeout=300)
    if done.returncode != 0:
        raise AssertionError(done.stderr)


class RealPeople(Case):
    is_long = True

    @classmethod
    def setUpClass(cls):
        source = folder("mobikey")
        super().setUpClass()
        cls.temporary = tempfile.TemporaryDirectory(prefix="canara-people-")
        cls.addClassCleanup(cls.temporary.cleanup)
        base = pathlib.Path(cls.temporary.name)
        canara("dataset", "import", "mobikey", str(source), str(base / "set"))
        cls.entries, lines = {}, {}
        for line in (base / "set" / SET / "events.jsonl").read_text().splitlines():
            event = json.loads(line)
            lines.setdefault(event["user_email"], []).append(line)
            cls.entries.setdefault(event["user_email"], []).append({k: event[k] for k in ("event_type", "data")})
        cls.names = sorted(lines)
        buffers = base / "buffers"
        buffers.mkdir()
        (buffers / "people.jsonl").write_text("\n".join(line for name in cls.names[::2] for line in lines[name]) + "\n")
        cls.model = base / "model"
        canara("train", "--buffers", str(buffers), "--label", "mobikey-half", "--out", str(cls.model))

    def lessons(self):
        text = self.mine.call("GET", "/metrics", check=False).body
        text = text.decode() if isinstance(text, bytes) else text
        return sum(int(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line.startswith("canara_lessons_total"))

    def sit(self, user, entries):
        """One session over the socket: the risk at its highest, and whether it led to a challenge or a block."""
        risk, stopped = 0.0, False
        with Socket(user) as link:
            for entry in entries:
                link.send(entry)
                try:
                    link.receive_type("data_received")
                except ConnectionClosed:  # blocked: there is no acknowledgement of what it was blocked for
                    pass
                said = user.status()
                risk = max(risk, said["risk_score"])
                stopped = stopped or said["is_blocked"] or said["risk_level"] == "challenge"
                if said["is_blocked"]:
                    break
        return risk, stopped

    def learn(self, user, entries):
        for at in range(0, len(entries), A_SESSION):
            before = self.lessons()
            user.login()
            user.verify()
            self.sit(user, entries[at:at + A_SESSION])
            user.post("/auth/logout")
            deadline = time.monotonic() + 5
            while self.lessons() == before and time.monotonic() < deadline:
                time.sleep(0.02)

    def meet(self, model):
        """For each owner: his own next session, and one of another person at his account."""
        self.mine = self.own(**({"MODEL_FILE": str(model)} if model else {}))
        out = []
        for owner, other in zip(self.names[1::2][:OWNERS], self.names[3::2]):
            user = User(self.mine)
            self.learn(user, self.entries[owner][:ENROLLED])
            user.login()
            genuine = self.sit(user, self.entries[owner][ENROLLED:ENROLLED + A_SESSION])
            user.post("/auth/logout")
            user.login()
            out.append((owner, user.status()["learning"]["state"], genuine, self.sit(user, self.entries[other][:A_SESSION])))
        if os.environ.get("CANARA_SHOW"):
            print(*out, sep="\n")
        return out

    def test_real_owners_are_accepted_and_others_at_their_accounts_challenged(self):
        met = self.meet(self.model)
        self.assertGreaterEqual(sum(not genuine[1] for _, _, genuine, _ in met), ACCEPTED_MIN, met)
        self.assertGreaterEqual(sum(other[1] for _, _, _, other in met), CHALLENGED_MIN, met)


if __name__ == "__main__":
    unittest.main()
