"""The MPIN: comparisons are spent on the account, durably and one at a time, whatever tries."""
import concurrent.futures
import signal
import unittest
import uuid

from sockets import Refused, Socket
from support import Case, User, keys

LOCKED = "Account locked due to too many failed MPIN attempts"
BLOCKED = "Session is blocked or invalid"


def lock(user):
    """Three wrong MPINs; returns the three answers."""
    return [user.verify("9021") for _ in range(3)]


class Verify(Case):
    def test_the_right_mpin_verifies(self):
        user = self.user()
        said = user.verify().json()
        self.assertEqual((said["message"], said["status"], said["session_id"]),
                         ("MPIN verified successfully", "verified", user.session_id))
        self.assertEqual(said["risk_level"], "normal")

    def test_keystrokes_of_the_mpin_may_come_along_and_are_not_shown(self):
        user = self.user()
        typed = {"field": "mpin", "keys": keys(4, klass="other")}
        self.assertEqual(user.post("/auth/verify-mpin", {"mpin": "1234", "keystrokes": typed}).status, 200)
        user.summary()
        lines = [line for line in self.server.buffer(user, 2) if line["event_type"] == "keystrokes"]
        self.assertEqual([line["data"]["keys"] for line in lines], [4])

    def test_wrong_mpins_count_down(self):
        user = self.user()
        self.refused(user.verify("9021"), 401, "invalid-mpin", "Invalid MPIN. 2 attempts remaining")
        self.refused(user.verify("9021"), 401, "invalid-mpin", "Invalid MPIN. 1 attempts remaining")
        self.assertEqual(user.status()["mpin_attempts"], 2)

    def test_success_resets_the_row_of_failures(self):
        user = self.user()
        for _ in range(3):
            user.verify("9021")
            self.refused(user.verify("9021"), 401, "invalid-mpin", "Invalid MPIN. 1 attempts remaining")
            self.assertEqual(user.verify().status, 200)
            self.assertEqual(user.status()["mpin_attempts"], 0)

    def test_login_and_another_device_do_not_reset_it(self):
        user = self.user()
        user.verify("9021")
        other = user.again("fresh-device")
        self.refused(other.verify("9021"), 401, "invalid-mpin", "Invalid MPIN. 1 attempts remaining")
        user.login()
        self.assertEqual(user.status()["mpin_attempts"], 2)

    def test_malformed_tries_cost_nothing(self):
        user = self.user()
        for mpin in ("", "123", "12345", "abcd", "１２３４"):
            self.refused(user.verify(mpin), 400, "invalid-mpin-format", "MPIN must be exactly 4 digits")
        for body in ({}, {"mpin": 1234}, {"mpin": None}, {"mpin": ["1234"]}):
            self.refused(user.post("/auth/verify-mpin", body), 422, "invalid-request")
        self.assertEqual(user.status()["mpin_attempts"], 0)

    def test_without_a_token_it_is_401(self):
        self.refused(self.server.post("/auth/verify-mpin", {"mpin": "1234"}), 401, "unauthorized", "Invalid session token")


class Challenge(Case):
    def test_the_right_mpin_answers_the_challenge_and_lowers_the_risk(self):
        user = self.user()
        user.rehearse(0.75)
        self.assertEqual(user.status()["mpin_required"], True)
        said = user.challenge().json()
        self.assertEqual((said["message"], said["status"], said["risk_score_updated"]),
                         ("MPIN verified successfully", "verified", True))
        self.assertLess(said["new_risk_score"], 0.7)
        self.assertEqual(user.status()["mpin_required"], False)

    def test_verify_mpin_answers_it_too(self):
        user = self.user()
        user.rehearse(0.75)
        self.assertEqual(user.verify().status, 200)
        self.assertEqual(user.status()["mpin_required"], False)

    def test_another_session_in_the_body_is_a_mismatch_and_costs_nothing(self):
        user, stranger = self.user(), self.user()
        for sid in (stranger.session_id, str(uuid.uuid4()), user.again().session_id):
            self.refused(user.challenge(session_id=sid), 401, "session-mismatch", "Invalid session or session mismatch")
        self.assertEqual(user.status()["mpin_attempts"], 0)

    def test_wrong_mpins_count_on_the_same_account(self):
        user = self.user()
        self.refused(user.challenge("9021"), 401, "invalid-mpin", "Invalid MPIN. 2 attempts remaining")
        self.refused(user.verify("9021"), 401, "invalid-mpin", "Invalid MPIN. 1 attempts remaining")

    def test_faults_are_listed_in_field_order(self):
        answer = self.refused(self.user().post("/auth/mpin-challenge", {}), 422, "invalid-request")
        self.assertEqual(answer.errors, [("session_id", "field required"), ("mpin", "field required")])

    def test_keystrokes_are_no_member_of_it_nor_of_a_change(self):
        user = self.user()
        for typed in ({"keys": keys(4, klass="other")}, {"keys": [{"down": -1}]}, 5):
            for path, more in (("mpin-challenge", {"session_id": user.session_id}), ("change-mpin", {"new_mpin": "1234"})):
                self.assertEqual(user.post("/auth/" + path, {"mpin": "1234", "keystrokes": typed, **more}).status, 200, (path, typed))
        user.summary()
        self.assertEqual([line["event_type"] for line in self.server.buffer(user, 6)], ["mpin_verified"] * 6)

    def test_a_session_id_that_is_none_is_422(self):
        answer = self.user().post("/auth/mpin-challenge", {"session_id": "x", "mpin": "1234"})
        self.assertEqual(self.refused(answer, 422, "invalid-request").errors, [("session_id", "must be a UUID")])


class Lock(Case):
    def test_the_third_wrong_one_locks_and_says_when_to_come_back(self):
        user = self.user()
        third = lock(user)[2]
        self.refused(third, 403, "account-locked", LOCKED)
        wait = int(third.headers["retry-after"])
        self.assertTrue(14 * 60 < wait <= 15 * 60, wait)

    def test_the_lock_blocks_every_live_session_of_the_account(self):
        user = self.user()
        other = user.again()
        with Socket(other) as link:
            lock(user)
            said = link.receive_type("session_blocked")
            self.assertEqual(said["reason"], "Too many failed MPIN attempts")
            self.assertEqual(link.closed()[0], 4403)
        for session in (user, other):
            said = session.status()
            self.assertEqual((said["is_blocked"], said["is_active"], said["risk_level"]), (True, False, "blocked"))
            self.assertEqual(session.summary()["is_blocked"], True)
            with self.assertRaises(Refused) as refused:
                Socket(session)
            self.assertEqual(refused.exception.status, 410)
            self.refused(session.post("/ws/ticket"), 401, "unauthorized")
            self.refused(session.post("/risk/evaluate", {"action": "transfer"}), 401, "unauthorized")

    def test_the_right_mpin_does_not_help_while_locked(self):
        user = self.user()
        lock(user)
        answer = user.verify()
        self.assertEqual(answer.status, 403)
        self.assertIn(answer.problem, ("account-locked", "session-blocked"))
        answer = user.challenge()
        self.assertEqual(answer.status, 403)

    def test_login_is_allowed_while_locked_and_starts_with_mpin_required(self):
        user = self.user()
        lock(user)
        answer = user.try_login()
        self.assertEqual((answer.status, answer.json()["mpin_required"]), (200, True))
        user.take(answer.json())
        said = user.status()
        self.assertEqual((said["mpin_required"], said["is_blocked"]), (True, False))
        locked = self.refused(user.verify(), 403, "account-locked", LOCKED)
        self.assertGreater(int(locked.headers["retry-after"]), 0)
        self.assertEqual(user.post("/risk/evaluate", {"action": "transfer"}).json()["decision"], "deny")
        for route, body in (("password", {"password": user.password, "new_password": "plover-granite-77"}),
                            ("mpin", {"mpin": "1234", "new_mpin": "8305"})):
            answer = user.post(f"/auth/change-{route}", body)
            self.assertEqual(answer.status, 403)
            self.assertIn(answer.problem, ("account-locked", "mpin-required"))

    def test_thirty_two_guesses_over_eight_devices_evaluate_at_most_three(self):
        user = self.user(mpin="8305")
        sessions = [user] + [user.again(f"thief-{i}") for i in range(7)]
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(lambda i: sessions[i % 8].verify(f"{7000 + i}"), range(32)))
        wrong = [a for a in answers if a.status == 401 and a.problem == "invalid-mpin"]
        self.assertLessEqual(len(wrong), 2, "the third one locks")
        self.assertEqual({a.status for a in answers} - {401, 403}, set())
        self.assertTrue(any(a.problem == "account-locked" for a in answers))
        fresh = user.again("after")
        self.assertEqual(fresh.status()["mpin_attempts"], 3)
        self.refused(fresh.verify("8305"), 403, "account-locked", LOCKED)

    def test_the_right_guess_among_late_ones_does_not_pass(self):
        user = self.user(mpin="8305")
        sessions = [user] + [user.again(f"thief-{i}") for i in range(3)]
        lock(user)
        for session in sessions:
            self.assertEqual(session.verify("8305").status, 403)

    def test_the_count_survives_kill_9_between_guesses(self):
        server = self.own()
        user = User(server, mpin="8305")
        for left in (2, 1):
            self.refused(user.verify("9021"), 401, "invalid-mpin", f"Invalid MPIN. {left} attempts remaining")
            server.restart(signal.SIGKILL)
        self.refused(user.verify("9021"), 403, "account-locked", LOCKED)
        server.restart(signal.SIGKILL)
        user.login()
        self.refused(user.verify("8305"), 403, "account-locked", LOCKED)

    def test_the_limits_are_settings(self):
        server = self.own(MAX_MPIN_ATTEMPTS="2", MPIN_LOCKOUT_MINUTES="2")
        user = User(server)
        self.refused(user.verify("9021"), 401, "invalid-mpin", "Invalid MPIN. 1 attempts remaining")
        last = user.verify("9021")
        self.refused(last, 403, "account-locked", LOCKED)
        self.assertLessEqual(int(last.headers["retry-after"]), 120)

    def test_facts_stand_in_the_buffer_file(self):
        user = self.user()
        user.verify("9021")
        user.verify()
        user.summary()
        types = [line["event_type"] for line in self.server.buffer(user, 2)]
        self.assertIn("mpin_failed", types)
        self.assertIn("mpin_verified", types)
        self.assertLess(types.index("mpin_failed"), types.index("mpin_verified"))


if __name__ == "__main__":
    unittest.main()
