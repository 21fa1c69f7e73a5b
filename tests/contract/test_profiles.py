"""What the server learns of a customer: from ended sessions, seen from outside and by an operator."""
import json
import random
import signal
import subprocess
import time
import unittest

from sockets import Socket
from support import Case, User, program

OFTEN = 12


def typed(seed, hold, gap, count=9):
    """How one person types the same word: his own times, a little different each time."""
    dice = random.Random(seed)
    out, at = [], 0.0
    for i in range(count):
        held = hold * (0.9 + 0.02 * (i % 3) + dice.uniform(0, 0.2))
        out.append({"down": round(at, 3), "up": round(at + held, 3), "class": "other"})
        at += gap * (0.9 + 0.05 * (i % 4) + dice.uniform(0, 0.2)) + held * 0.5
    return out


def own_hand(seed):
    return typed(seed, 95.0, 130.0)


def other_hand(seed):
    return typed(seed, 190.0, 420.0)


class Profiles(Case):
    def setUp(self):
        self.mine = self.own()

    def ctl(self, *words):
        done = subprocess.run([program["path"], "ctl", "--data-dir", str(self.mine.data), "--json", *words], cwd=self.mine.dir, capture_output=True,
                              text=True, env={"PATH": "/usr/bin:/bin"}, check=False, timeout=20)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return json.loads(done.stdout)

    def type(self, user, seed, hand=own_hand, times=3):
        words = [{"event_type": "keystrokes", "data": {"field": "password", "keys": hand(1000 + seed * 100 + i)}} for i in range(times)]
        self.assertEqual(user.events(words).status, 200)

    def lessons(self):
        text = self.mine.call("GET", "/metrics", check=False).body
        text = text.decode() if isinstance(text, bytes) else text
        return sum(int(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line.startswith("canara_lessons_total"))

    def come_and_go(self, user, seed):
        before = self.lessons()
        answer = user.try_login(keystrokes={"keys": own_hand(seed)})
        self.assertEqual(answer.status, 200, answer.body)
        user.take(answer.json())
        self.type(user, seed)
        self.assertEqual(user.post("/auth/logout").status, 200)
        deadline = time.monotonic() + 10
        while self.lessons() == before and time.monotonic() < deadline:
            time.sleep(0.02)
        self.assertEqual(self.lessons(), before + 1)

    def test_a_customer_who_comes_often_is_learnt_and_another_rhythm_raises_the_risk(self):
        user = User(self.mine)
        self.assertEqual(user.status()["learning"]["state"], "learning")
        self.assertEqual(user.status()["learning"]["sessions"], 0)
        for i in range(OFTEN):
            self.come_and_go(user, i)
        user.login()
        self.assertEqual(user.status()["learning"]["state"], "learnt")
        self.type(user, 901)
        owner = user.rehearse().json()["predicted_risk_score"]
        thief = user.again(user.device)
        self.type(thief, 902, other_hand)
        if thief.status()["is_blocked"]:
            return
        stranger = thief.rehearse().json()["predicted_risk_score"]
        self.assertGreater(stranger, 0.05)
        self.assertGreater(stranger, 2 * owner)

    def test_a_session_scored_again_gives_the_same_double_before_and_after_kill_nine(self):
        user = User(self.mine)
        for i in range(4):
            self.come_and_go(user, i)
        user.login()
        self.type(user, 77)
        before = user.rehearse().json()["predicted_risk_score"]
        other = user.again()
        self.assertEqual(other.post("/auth/logout").status, 200)
        self.mine.restart(signal.SIGKILL)
        after = user.rehearse().json()["predicted_risk_score"]
        self.assertAlmostEqual(after, before, delta=0.001)  # it decays while time passes
        self.assertGreaterEqual(user.status()["learning"]["sessions"], 1)

    def test_a_session_that_rested_goes_on_with_the_profile_it_began_with(self):
        self.mine = self.own(SESSION_REST_SECONDS="1")
        user = User(self.mine)
        for i in range(4):
            self.come_and_go(user, i)
        user.login()
        known = user.status()["learning"]
        with Socket(user) as link:
            for i in range(3):
                words = {"event_type": "keystrokes", "data": {"field": "password", "keys": own_hand(5000 + i)}, "seq": 2 * i + 1}
                link.send(words)
                link.send({**words, "seq": 2 * i + 2})  # comes while the first one waits
                self.assertEqual([link.receive_type("data_received")["seq"] for _ in range(2)], [2 * i + 1, 2 * i + 2])
                time.sleep(2.6)
                self.assertEqual(user.status()["learning"], known)
        live = user.status()
        self.assertEqual(live["behavioral_events_count"], 6)
        again = user.rehearse().json()["predicted_risk_score"]  # scored from the journal, without a rest
        self.assertAlmostEqual(live["risk_score"], again, delta=0.011)

    def test_another_device_teaches_nothing_until_an_mpin_was_passed_on_it(self):
        user = User(self.mine)
        self.come_and_go(user, 0)
        other = user.again()
        other.post("/auth/logout")
        for i in range(3):
            self.come_and_go(other, 1 + i)
        self.assertEqual(self.ctl("profile", user.email)["revision"], 1)
        other.login()
        self.assertEqual(other.verify().status, 200)
        other.post("/auth/logout")
        self.mine.restart(signal.SIGKILL)
        learnt = self.ctl("profile", user.email)["revision"]
        self.come_and_go(other, 4)
        self.assertEqual(self.ctl("profile", user.email)["revision"], learnt + 1)

    def test_an_operator_sees_parts_and_starts_it_anew(self):
        user = User(self.mine)
        for i in range(2):
            self.come_and_go(user, i)
        seen = self.ctl("profile", user.email)
        self.assertEqual(seen["revision"], 2)
        self.assertTrue(seen["parts"])
        self.assertEqual(set(seen["parts"][0]), {"name", "revision", "bytes"})
        again = self.ctl("profile", seen["account_id"], "--reset")
        self.assertEqual((again["revision"], again["parts"]), (3, []))
        back = self.ctl("profile", user.email, "--rollback", "2")
        self.assertEqual((back["revision"], len(back["parts"])), (4, len(seen["parts"])))
        user.login()
        self.assertEqual(user.status()["learning"]["sessions"], 2)

    def test_a_model_that_is_none_stops_the_start_with_one_line(self):
        bad = self.mine.dir / "bad.model"
        for content in (b"", b"no model", b"\0" * 4096):
            bad.write_bytes(content)
            server = None
            with self.assertRaises(AssertionError) as fault:
                server = self.own(MODEL_FILE=str(bad))
            self.assertIsNone(server)
            said = [line for line in str(fault.exception).splitlines() if "MODEL_FILE" in line]
            self.assertEqual(len(said), 1, str(fault.exception))
            self.assertIn(str(bad), said[0])


if __name__ == "__main__":
    unittest.main()
