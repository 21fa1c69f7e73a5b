"""Levels, challenge, block, payment decisions: the same whether asked by REST or told on the socket."""
import concurrent.futures
import sqlite3
import time
import unittest
import uuid
from contextlib import closing

from sockets import Socket
from support import UUID, Case, event, keys


class Rehearsal(Case):
    def test_a_score_is_played_through_the_policy(self):
        for score, action, level in ((0.0, "normal", "normal"), (0.39, "normal", "normal"), (0.5, "monitor", "monitor"), (0.75, "challenge", "challenge"),
                                     (0.95, "block", "blocked"), (1.0, "block", "blocked")):
            user = self.user()
            said = user.rehearse(score).json()
            self.assertEqual((said["message"], said["predicted_risk_score"], said["action_taken"]), ("ML analysis simulation completed", score, action))
            self.assertTrue(said["model_version"])
            self.assertEqual(user.status()["risk_level"], level, score)

    def test_thresholds_are_settings(self):
        server = self.own(MONITOR_THRESHOLD="0.2", SUSPICIOUS_THRESHOLD="0.3", HIGH_RISK_THRESHOLD="0.5")
        for score, action in ((0.1, "normal"), (0.25, "monitor"), (0.4, "challenge"), (0.6, "block")):
            self.assertEqual(self.user(server).rehearse(score).json()["action_taken"], action)

    def test_without_a_body_the_whole_session_is_scored_again(self):
        user = self.user()
        with Socket(user) as link:
            for i in range(20):
                link.ask(event("typing_pattern", words_per_minute=50 + i % 5, key_press_intervals=[0.15, 0.22, 0.18, 0.14, 0.31]))
        before = user.status()["risk_score"]
        said = user.rehearse().json()
        self.assertAlmostEqual(said["predicted_risk_score"], before, delta=0.02)
        self.assertEqual(said["action_taken"], "normal")
        self.assertAlmostEqual(user.rehearse().json()["predicted_risk_score"], said["predicted_risk_score"], places=4)

    def test_scores_that_are_none_are_422(self):
        user = self.user()
        for score in (-0.01, 1.01, "0.5", True, []):
            answer = self.refused(user.post(f"/ws/sessions/{user.session_id}/simulate-ml-analysis", {"predicted_risk_score": score}), 422, "invalid-request")
            self.assertEqual(answer.errors[0][0], "predicted_risk_score")

    def test_facts_stand_in_the_buffer_file(self):
        user = self.user()
        user.rehearse(0.75)
        user.summary()
        types = {line["event_type"] for line in self.server.buffer(user, 1)}
        self.assertTrue(types & {"ml_analysis_result", "risk_score_update"}, types)
        self.assertEqual(user.summary()["total_events"], 0)


class Challenged(Case):
    def test_the_challenge_is_told_once_and_the_session_goes_on(self):
        user = self.user()
        with Socket(user) as link:
            user.rehearse(0.75)
            said = link.receive_type("mpin_required")
            self.assertEqual(said["message"], "Please verify your MPIN to continue")
            self.assertRegex(said["challenge_id"], UUID)
            for _ in range(5):
                link.send(event())
            kinds = [link.receive()["type"] for _ in range(5)]
            self.assertEqual(kinds, ["data_received"] * 5)
        self.assertEqual(user.summary()["total_events"], 5)

    def test_a_change_of_level_is_told(self):
        user = self.user()
        with Socket(user) as link:
            user.rehearse(0.5)
            said = link.receive_type("risk_update")
            self.assertEqual((said["previous"], said["risk_level"]), ("normal", "monitor"))

    def test_the_mpin_clears_it_and_the_level_falls(self):
        user = self.user()
        with Socket(user) as link:
            user.rehearse(0.75)
            link.receive_type("mpin_required")
            self.assertEqual(user.verify().status, 200)
            said = link.receive_type("risk_update")
            while said["risk_level"] not in ("normal", "monitor"):
                said = link.receive_type("risk_update")
        self.assertEqual((user.status()["mpin_required"], user.status()["is_blocked"]), (False, False))

    def test_real_automation_is_challenged_by_events_alone(self):
        user = self.user()
        with Socket(user) as link:
            machine = [{"down": 100.0 * i, "up": 100.0 * i + 8, "class": "letter"} for i in range(40)]
            kinds, deadline = set(), time.monotonic() + 10
            try:
                for i in range(12):
                    link.send({"event_type": "keystrokes", "data": {"field": "note", "keys": machine}})
                    link.send(event("rapid_clicks", clicks_per_second=40 + i, pattern="automated"))
                while not kinds & {"mpin_required", "session_blocked"} and time.monotonic() < deadline:
                    kinds.add(link.receive()["type"])
            except Exception as closed:  # a block closes the socket, which is as good
                self.assertIn("4403", str(closed))
        said = user.summary()
        self.assertIn(said["risk_level"], ("challenge", "blocked"))
        self.assertTrue(said["reasons"])

    def test_honest_typing_is_left_alone(self):
        user = self.user()
        with Socket(user) as link:
            for i in range(15):
                link.send({"event_type": "keystrokes", "data": {"field": "note", "keys": keys(20 + i, hold=85 + i, gap=150 + 3 * i)}})
                link.send(event("typing_pattern", words_per_minute=7, backspace_frequency=0.02))
            for _ in range(30):
                self.assertEqual(link.receive_type("data_received")["risk_level"], "normal")


class Carried(Case):
    """A challenge that nobody answered is the account's."""

    def test_whoever_logs_in_anew_is_asked_until_an_mpin_was_right(self):
        user = self.user()
        other = user.again()
        with Socket(user) as link:
            user.rehearse(0.75)
            link.receive_type("mpin_required")
        self.assertEqual(user.post("/auth/logout").status, 200)
        self.assertEqual(other.status()["mpin_required"], False)
        for _ in range(2):
            answer = user.try_login()
            self.assertEqual((answer.status, answer.json()["mpin_required"]), (200, True))
            user.take(answer.json())
            with Socket(user) as link:
                self.assertEqual(link.hello["mpin_required"], True)
                self.assertRegex(link.receive_type("mpin_required")["challenge_id"], UUID)
            self.assertEqual(user.post("/risk/evaluate", {"action": "transfer"}).json()["decision"], "challenge")
            self.refused(user.post("/risk/evaluate", {"action": "transfer", "enforce": True}), 401, "insufficient-user-authentication")
            self.refused(user.post("/auth/change-mpin", {"mpin": "1234", "new_mpin": "8305"}), 403, "mpin-required")
        self.refused(user.verify("9021"), 401, "invalid-mpin")
        self.assertEqual(user.try_login().json()["mpin_required"], True)
        self.assertEqual(user.verify().status, 200)
        self.assertEqual(user.post("/risk/evaluate", {"action": "transfer"}).json()["decision"], "allow")
        self.assertEqual(user.try_login().json()["mpin_required"], False)

    def test_logins_drawn_by_lot_are_asked_until_an_mpin_was_right(self):
        server = self.own(RANDOM_CHALLENGE_PERCENT="100")
        user = self.user(server=server)
        self.assertEqual(user.status()["mpin_required"], True)
        for _ in range(2):
            self.assertEqual(user.try_login("laptop").json()["mpin_required"], True)
        with Socket(user) as link:
            self.assertEqual(link.hello["mpin_required"], True)
            self.assertRegex(link.receive_type("mpin_required")["challenge_id"], UUID)
        self.assertEqual(user.post("/risk/evaluate", {"action": "transfer"}).json()["decision"], "challenge")
        self.refused(user.post("/auth/change-mpin", {"mpin": "1234", "new_mpin": "8305"}), 403, "mpin-required")
        self.assertEqual(user.verify().status, 200)
        self.assertEqual(user.status()["mpin_required"], False)
        self.assertEqual(user.post("/risk/evaluate", {"action": "transfer"}).json()["decision"], "allow")

    def test_how_a_thief_types_the_password_is_held_against_his_next_login(self):
        user = self.user()
        machine = {"keys": [{"down": 8.0 * i, "up": 8.0 * i + 3} for i in range(40)]}
        answer = user.try_login("thief", keystrokes=machine)
        for _ in range(4):
            if answer.status == 403 or answer.json()["mpin_required"]:
                break
            answer = user.try_login("thief", keystrokes=machine)
        else:
            self.fail("a machine at the login was never challenged")
        self.assertEqual(user.try_login("another").json()["mpin_required"], True)

    def test_one_that_its_mpin_answered_leaves_nothing(self):
        user = self.user()
        user.rehearse(0.75)
        self.assertEqual(user.verify().status, 200)
        self.assertEqual(user.try_login().json()["mpin_required"], False)

    def test_what_the_circumstances_of_a_payment_began_is_owed(self):
        user = self.user()
        asked = {"action": "transfer", "amount": 90000, "beneficiary_new": True, "context": {"remote_control": True}}
        self.assertEqual(user.post("/risk/evaluate", asked).json()["decision"], "challenge")
        self.assertEqual(user.try_login().json()["mpin_required"], True)


class Blocked(Case):
    def test_every_route_answers_as_the_contract_says(self):
        user = self.user()
        user.rehearse(0.95)
        said = user.status()
        self.assertEqual((said["is_blocked"], said["is_active"], said["risk_level"]), (True, False, "blocked"))
        self.assertEqual(user.summary()["is_blocked"], True)
        for call in (user.verify, user.challenge):
            self.refused(call(), 403, "session-blocked", "Session is blocked or invalid")
        for call in (lambda: user.post("/ws/ticket"), lambda: user.get("/auth/sessions"), lambda: user.events([event()]),
                     lambda: user.post("/risk/evaluate", {"action": "transfer"})):
            self.refused(call(), 401, "unauthorized")
        self.refused(user.post("/auth/change-mpin", {"mpin": "1234", "new_mpin": "8305"}), 403, "session-blocked")

    def test_a_login_after_a_risk_block_starts_with_mpin_required(self):
        user = self.user()
        user.rehearse(0.95)
        answer = user.try_login()
        self.assertEqual((answer.status, answer.json()["mpin_required"]), (200, True))
        user.take(answer.json())
        self.assertEqual(user.post("/risk/evaluate", {"action": "transfer"}).json()["decision"], "deny")
        self.assertEqual(user.verify().status, 200)
        self.assertEqual(user.status()["mpin_required"], False)

    def test_a_refresh_of_a_blocked_session_is_refused(self):
        user = self.user()
        user.rehearse(0.95)
        self.refused(self.server.post("/auth/refresh", {"refresh_token": user.refresh_token}), 401, "invalid-refresh-token")

    def test_the_block_of_one_session_leaves_others_alone(self):
        user = self.user()
        other = user.again()
        user.rehearse(0.95)
        self.assertEqual(other.status()["is_blocked"], False)


class Evaluate(Case):
    TRANSFER = {"action": "transfer", "amount": "2500.00", "currency": "INR", "beneficiary_new": False}

    def ask(self, user, **more):
        return user.post("/risk/evaluate", {**self.TRANSFER, **more})

    def test_a_calm_session_may_pay(self):
        said = self.ask(self.user()).json()
        self.assertEqual((said["decision"], said["risk_level"]), ("allow", "normal"))
        self.assertRegex(said["decision_id"], UUID)

    def test_numbers_and_decimal_strings_are_amounts(self):
        user = self.user()
        for amount, status in ((5, 200), (0, 200), ("0.01", 200), (12.5, 200), (1e15, 200), (-1, 422), ("x", 422), ("1,5", 422), (1.1e15, 422), (True, 422), ([], 422)):
            self.assertEqual(self.ask(user, amount=amount).status, status, amount)

    def test_faults_are_listed_in_field_order(self):
        user = self.user()
        self.assertEqual(self.refused(user.post("/risk/evaluate", {}), 422, "invalid-request").errors, [("action", "field required")])
        answer = user.post("/risk/evaluate", {"context": [], "enforce": 1, "decision_id": "x", "amount": -1, "action": 5})
        self.assertEqual([f for f, _ in self.refused(answer, 422, "invalid-request").errors], ["action", "amount", "context", "enforce", "decision_id"])

    def test_a_challenged_session_is_challenged_and_with_enforce_401(self):
        user = self.user()
        user.rehearse(0.75)
        self.assertEqual(self.ask(user).json()["decision"], "challenge")
        answer = self.refused(self.ask(user, enforce=True), 401, "insufficient-user-authentication", "Please verify your MPIN to continue")
        challenge = answer.headers["www-authenticate"]
        for part in ('error="insufficient_user_authentication"', "acr_values=", "max_age="):
            self.assertIn(part, challenge)
        self.assertRegex(answer.json()["decision_id"], UUID)

    def test_with_enforce_a_denial_is_403(self):
        user = self.user()
        for _ in range(3):
            user.verify("9021")
        user.login()
        self.refused(self.ask(user, enforce=True), 403, "denied", "The action is denied")

    def test_context_counts_for_this_decision_only(self):
        user = self.user()
        before = user.status()["risk_score"]
        self.ask(user, context={"remote_control": True, "emulator": True}, beneficiary_new=True, amount=900000)
        self.assertAlmostEqual(user.status()["risk_score"], before, delta=0.3)

    def test_after_the_mpin_one_retry_of_the_same_decision_is_exempt(self):
        user = self.user()
        user.rehearse(0.75)
        first = self.ask(user).json()
        self.assertEqual(first["decision"], "challenge")
        self.assertEqual(user.verify().status, 200)
        self.assertEqual(self.ask(user, decision_id=first["decision_id"]).json()["decision"], "allow")

    def test_a_number_and_its_text_are_the_same_amount(self):
        for number, text in ((19.99, "19.99"), (0.1, "0.1"), (999999999999.99, "999999999999.99"), (1e-2, "0.01")):
            user = self.user()
            user.rehearse(0.75)
            first = self.ask(user, amount=number).json()
            self.assertEqual(user.verify().status, 200)
            user.rehearse(0.75)
            self.assertEqual(self.ask(user, amount=text, decision_id=first["decision_id"]).json()["decision"], "allow", text)
            with closing(sqlite3.connect(self.server.data / "canara.db", timeout=2)) as base:
                self.assertIn((text,), base.execute("SELECT amount FROM decisions").fetchall())
        self.refused(self.ask(self.user(), amount=1e21), 422, "invalid-request")

    def test_one_mpin_frees_the_question_that_was_challenged_last(self):
        user = self.user()
        user.rehearse(0.75)
        asked = [(amount, self.ask(user, amount=amount).json()["decision_id"]) for amount in ("1.00", "2.00", "3.00")]
        self.assertEqual(user.verify().status, 200)
        user.rehearse(0.75)
        said = [self.ask(user, amount=amount, decision_id=name).json()["decision"] for amount, name in asked]
        self.assertEqual(said, ["challenge", "challenge", "allow"])

    def test_of_parallel_retries_one_is_exempt_and_the_others_are_new_questions(self):
        user = self.user()
        user.rehearse(0.75)
        first = self.ask(user).json()
        self.assertEqual(user.verify().status, 200)
        user.rehearse(0.75)
        with concurrent.futures.ThreadPoolExecutor(6) as pool:
            said = list(pool.map(lambda _: self.ask(user, decision_id=first["decision_id"]).json(), range(6)))
        self.assertEqual(sorted(s["decision"] for s in said), ["allow"] + ["challenge"] * 5)
        self.assertEqual(len({s["decision_id"] for s in said}), 6)
        self.assertEqual([s["decision_id"] for s in said if s["decision"] == "allow"], [first["decision_id"]])

    def test_an_unknown_decision_id_is_no_exemption(self):
        user = self.user()
        user.rehearse(0.75)
        self.assertEqual(self.ask(user, decision_id=str(uuid.uuid4())).json()["decision"], "challenge")

    def test_without_a_token_it_is_401(self):
        self.refused(self.server.post("/risk/evaluate", self.TRANSFER), 401, "unauthorized", "Invalid session token")


if __name__ == "__main__":
    unittest.main()
