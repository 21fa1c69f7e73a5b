"""Register, login, session status, logout, sessions, change of secrets: every answer text of the contract."""
import concurrent.futures
import contextlib
import sqlite3
import time
import unittest
import uuid

from sockets import Socket
from support import PASSWORD, TIME, UUID, Case, User, event, keys, shared


class Register(Case):
    def register(self, **fields):
        body = {"email": f"r{uuid.uuid4().hex[:12]}@example.com", "password": PASSWORD, "mpin": "1234", **fields}
        return self.server.post("/auth/register", {k: v for k, v in body.items() if v is not ...})

    def test_a_new_account_is_answered_with_its_address(self):
        mail = f"New.{uuid.uuid4().hex[:8]}@Example.COM"
        answer = self.register(email=mail)
        self.assertEqual(answer.status, 200)
        said = answer.json()
        self.assertEqual(said["message"], "User registered successfully")
        self.assertEqual(said["email"], mail.replace("Example.COM", "example.com"))
        self.assertTrue(said["next_step"])

    def test_a_taken_address_is_400_in_any_case_variant(self):
        mail = f"taken.{uuid.uuid4().hex[:8]}@example.com"
        self.assertEqual(self.register(email=mail).status, 200)
        for variant in (mail, mail.upper(), mail.title()):
            self.refused(self.register(email=variant), 400, "email-taken", "Email already registered")

    def test_an_mpin_that_is_not_N_digits_is_400(self):
        for mpin in ("", "123", "12345", "12a4", "１２３４", " 123", "1234 ", "-123", "12.4", "1" * 64):
            self.refused(self.register(mpin=mpin), 400, "invalid-mpin-format", "MPIN must be exactly 4 digits")

    def test_the_text_names_the_configured_length(self):
        server = self.own(MPIN_LENGTH="6")
        body = {"email": "six@example.com", "password": PASSWORD, "mpin": "1234"}
        self.refused(server.post("/auth/register", body), 400, "invalid-mpin-format", "MPIN must be exactly 6 digits")
        self.assertEqual(server.post("/auth/register", {**body, "mpin": "482913"}).status, 200)

    def test_a_guessable_mpin_is_422(self):
        for mpin in ("1111", "4321", "9999", "1212"):
            answer = self.refused(self.register(mpin=mpin), 422, "invalid-request")
            self.assertEqual([f for f, _ in answer.errors], ["mpin"])

    def test_the_seeds_example_mpins_pass_with_debug(self):
        for mpin in ("1234", "0000"):
            self.assertEqual(self.register(mpin=mpin).status, 200)

    def test_a_short_long_or_common_password_is_422(self):
        for password in ("", "short", "1234567", "password", "password123", "qwertyuiop", "x" * 129, "é" * 65):
            answer = self.refused(self.register(password=password), 422, "invalid-request")
            self.assertEqual([f for f, _ in answer.errors], ["password"], password)

    def test_passwords_of_8_and_of_128_bytes_pass(self):
        for password in ("zq8-kfw1", "w7" + "kq%Lz-" * 21, "ключ-от-дома"):
            self.assertEqual(self.register(password=password).status, 200, password)

    def test_a_password_that_holds_the_address_is_422(self):
        for password in ("plover.ann@example.com", "PLOVER.Ann@Example.COM", "plover.ann@example.com1", "x plover.ann@example.com y", "éplover.ann@example.comé"):
            answer = self.refused(self.register(email="plover.ann@example.com", password=password), 422, "invalid-request")
            self.assertEqual(answer.errors, [("password", "must not contain the email address")], password)
        self.assertEqual(self.register(email="plover.ann@example.com", password="plover.ann 77").status, 200)

    def test_the_example_password_of_the_seed_passes(self):
        self.assertEqual(self.register(password="securepassword").status, 200)

    def test_addresses_that_are_none_are_422(self):
        for mail in ("", "a", "@", "a@", "@b.example", "a@@b.example", "a@b@c.example", "a b@example.com", "ä@example.com",
                     "a" * 65 + "@example.com", "a@" + "b" * 250 + ".example", "a@-", "a\n@example.com", "a@exam ple.com"):
            answer = self.refused(self.register(email=mail), 422, "invalid-request")
            self.assertEqual([f for f, _ in answer.errors], ["email"], mail)

    def test_all_faults_are_listed_in_field_order(self):
        answer = self.refused(self.server.post("/auth/register", {}), 422, "invalid-request", "Request validation failed")
        self.assertEqual(answer.errors, [(f, "field required") for f in ("email", "password", "mpin")])
        answer = self.refused(self.server.post("/auth/register", {"mpin": 1234, "email": [], "password": None}), 422, "invalid-request")
        self.assertEqual(answer.errors, [("email", "must be a string"), ("password", "field required"), ("mpin", "must be a string")])


class Login(Case):
    def test_a_login_answers_token_session_and_state(self):
        user = self.user(login=False)
        said = user.try_login().json()
        self.assertEqual((said["token_type"], said["expires_in"], said["risk_level"], said["mpin_required"]),
                         ("bearer", 3600, "normal", False))
        self.assertRegex(said["session_id"], UUID)
        self.assertEqual(said["session_token"].count("."), 2)

    def test_the_address_may_be_written_in_any_case(self):
        user = self.user(login=False)
        user.email = user.email.upper()
        self.assertEqual(user.try_login().status, 200)

    def test_wrong_password_and_unknown_address_get_the_same_answer(self):
        user = self.user(login=False)
        wrong = self.refused(user.try_login(password="not-the-password"), 401, "invalid-credentials", "Incorrect email or password")
        user.email = "nobody." + user.email
        unknown = self.refused(user.try_login(), 401, "invalid-credentials", "Incorrect email or password")

        def same(answer):
            return {k: v for k, v in answer.json().items() if k != "request_id"}
        self.assertEqual(same(wrong), same(unknown))
        self.assertEqual(set(wrong.headers), set(unknown.headers))
        self.assertEqual(wrong.headers["www-authenticate"], 'Bearer realm="canara"')

    def test_missing_fields_are_listed_in_order(self):
        answer = self.refused(self.server.post("/auth/login", {}), 422, "invalid-request")
        self.assertEqual(answer.errors, [(f, "field required") for f in ("email", "password", "device_id")])

    def test_device_ids_of_1_to_128_bytes_are_taken(self):
        user = self.user(login=False)
        for device, status in (("d", 200), ("d" * 128, 200), ("", 422), ("d" * 129, 422), ("é" * 65, 422)):
            answer = self.server.post("/auth/login", {"email": user.email, "password": user.password, "device_id": device})
            self.assertEqual(answer.status, status, device)

    def test_keystrokes_of_the_password_may_come_along(self):
        user = self.user(login=False)
        typed = {"field": "password", "keys": keys(12, klass="other")}
        self.assertEqual(user.try_login(keystrokes=typed).status, 200)

    def test_a_password_that_no_hand_typed_blocks_the_session_before_it_has_a_token(self):
        user = self.user(login=False)
        typed = {"keys": [{"down": 4 * i, "up": 4 * i + 1} for i in range(24)]}
        answer = self.refused(user.try_login(keystrokes=typed), 403, "session-blocked", "Session is blocked or invalid")
        self.assertNotIn("session_token", answer.json())

    def test_keystrokes_that_say_what_was_typed_are_refused(self):
        user = self.user(login=False)
        answer = self.refused(user.try_login(keystrokes={"keys": keys(3)}), 422, "invalid-request")
        self.assertEqual(answer.errors[0][0][:len("keystrokes")], "keystrokes")

    def test_keystrokes_of_the_password_are_counted_in_the_buffer_file_and_not_shown(self):
        user = self.user(login=False)
        user.take(user.try_login(keystrokes={"field": "password", "keys": keys(11, klass="other")}).json())
        user.summary()
        lines = [line for line in self.server.buffer(user, 1) if line["event_type"] == "keystrokes"]
        self.assertEqual([line["data"]["keys"] for line in lines], [11])

    def test_a_second_device_is_a_second_session_and_a_new_device(self):
        user = self.user()
        other = user.again("another-device")
        self.assertNotEqual(user.session_id, other.session_id)
        self.assertIn("new device", other.summary()["reasons"])
        self.assertEqual(user.status()["is_active"], True)

    def test_the_eleventh_session_ends_the_oldest(self):
        user = self.user()
        others = [user.again(f"device-{i}") for i in range(10)]
        self.refused(user.get("/auth/session-status"), 401, "unauthorized", "Invalid session token")
        self.assertEqual(len(others[-1].get("/auth/sessions").json()["sessions"]), 10)


class Status(Case):
    def test_a_fresh_session_is_described(self):
        user = self.user()
        said = user.status()
        self.assertEqual((said["session_id"], said["user_email"], said["device_id"]), (user.session_id, user.email, user.device))
        self.assertEqual((said["is_active"], said["is_blocked"], said["mpin_required"]), (True, False, False))
        self.assertEqual((said["behavioral_events_count"], said["mpin_attempts"], said["risk_level"]), (0, 0, "normal"))
        self.assertEqual(said["learning"]["state"], "learning")
        self.assertAlmostEqual(said["risk_score"], 0.05, places=2)
        self.assertLess(said["created_at"], said["expires_at"])

    def test_without_a_token_it_is_401(self):
        self.refused(self.server.get("/auth/session-status"), 401, "unauthorized", "Invalid session token")

    def test_the_device_header_must_fit_when_sent(self):
        user = self.user()
        good = user.get("/auth/session-status", headers={"X-Device-ID": user.device})
        self.assertEqual(good.status, 200)
        for device in ("another", "", user.device + "x", user.device.upper()):
            self.refused(user.get("/auth/session-status", headers={"X-Device-ID": device}), 401, "unauthorized",
                         "Invalid session token")

    def test_the_device_header_must_fit_at_a_refresh_too(self):
        user = self.user()
        body = {"refresh_token": user.refresh_token}
        self.refused(self.server.post("/auth/refresh", body, headers={"X-Device-ID": "another"}), 401, "invalid-refresh-token")
        self.assertEqual(user.status()["is_active"], True)  # nothing was spent
        self.assertEqual(self.server.post("/auth/refresh", body, headers={"X-Device-ID": user.device}).status, 200)

    def test_reading_is_no_activity_and_an_event_is(self):
        user = self.user()
        first = user.status()["last_activity"]
        self.assertEqual(user.status()["last_activity"], first)
        user.events([{"event_type": "mouse_movement", "data": {}}])
        self.assertGreater(user.status()["last_activity"], first)

    def test_expires_in_is_the_configured_inactivity(self):
        server = self.own(SESSION_EXPIRE_MINUTES="1")
        user = User(server)
        said = server.post("/auth/login", {"email": user.email, "password": user.password, "device_id": "d"}).json()
        self.assertEqual(said["expires_in"], 60)


class Logout(Case):
    def test_logout_answers_the_same_twice_and_the_rest_401(self):
        user = self.user()
        for _ in range(2):
            answer = user.post("/auth/logout")
            self.assertEqual((answer.status, answer.json()["message"]), (200, "Logged out successfully"))
        for call in (lambda: user.get("/auth/session-status"), user.verify, lambda: user.post("/ws/ticket"),
                     lambda: user.get("/auth/sessions"), lambda: user.post("/risk/evaluate", {"action": "transfer"}),
                     lambda: user.get(f"/ws/sessions/{user.session_id}/behavior-summary")):
            self.refused(call(), 401, "unauthorized", "Invalid session token")

    def test_a_forged_token_gets_401(self):
        for token in ("x", "a.b.c", self.user().token[:-2] + "AA"):
            self.refused(self.server.post("/auth/logout", token=token), 401, "unauthorized", "Invalid session token")
        self.refused(self.server.post("/auth/logout"), 401, "unauthorized")

    def test_logout_closes_the_socket_with_4408(self):
        user = self.user()
        link = Socket(user)
        user.post("/auth/logout")
        self.assertEqual(link.closed()[0], 4408)

    def test_the_refresh_token_ends_with_the_session(self):
        user = self.user()
        user.post("/auth/logout")
        self.refused(self.server.post("/auth/refresh", {"refresh_token": user.refresh_token}), 401, "invalid-refresh-token")


class Sessions(Case):
    def test_the_list_holds_the_callers_sessions_only(self):
        user, stranger = self.user(), self.user()
        other = user.again("second")
        said = {s["session_id"]: s for s in user.get("/auth/sessions").json()["sessions"]}
        self.assertEqual(set(said), {user.session_id, other.session_id})
        self.assertNotIn(stranger.session_id, said)
        self.assertEqual([said[s.session_id]["current"] for s in (user, other)], [True, False])
        self.assertEqual(said[other.session_id]["device_id"], "second")
        self.assertRegex(said[user.session_id]["created_at"], TIME)

    def test_the_list_tells_activity_and_level_of_now(self):
        user = self.user()
        other = user.again("second")
        self.assertEqual(other.rehearse(0.75).status, 200)
        time.sleep(0.01)
        self.assertEqual(other.events([event()]).status, 200)
        said = {s["session_id"]: s for s in user.get("/auth/sessions").json()["sessions"]}
        self.assertEqual([said[s.session_id]["risk_level"] for s in (user, other)], ["normal", "challenge"])
        self.assertEqual(said[other.session_id]["last_activity"], other.status()["last_activity"])
        self.assertGreater(said[other.session_id]["last_activity"], said[other.session_id]["created_at"])

    def test_a_blocked_session_is_not_listed(self):
        user = self.user()
        other = user.again("second")
        other.rehearse(0.97)
        said = user.get("/auth/sessions").json()["sessions"]
        self.assertEqual([s["session_id"] for s in said], [user.session_id])

    def test_ending_one_is_204_and_holds_at_once(self):
        user = self.user()
        other = user.again()
        answer = user.server.delete(f"/auth/sessions/{other.session_id}", user.token)
        self.assertEqual((answer.status, answer.body), (204, b""))
        self.refused(other.get("/auth/session-status"), 401, "unauthorized")
        self.assertEqual(user.status()["is_active"], True)

    def test_another_customers_and_unknown_ids_are_404(self):
        user, stranger = self.user(), self.user()
        for sid in (stranger.session_id, str(uuid.uuid4()), "x", "..", user.session_id.upper(), user.session_id[:-1]):
            answer = user.server.delete(f"/auth/sessions/{sid}", user.token)
            if answer.problem != "invalid-http":  # ".." never reaches a route
                self.refused(answer, 404, "not-found")
        self.assertEqual(stranger.status()["is_active"], True)

    def test_another_customers_summary_is_404_on_every_route(self):
        user, stranger = self.user(), self.user()
        for sid in (stranger.session_id, str(uuid.uuid4()), "x" * 300):
            base = f"/ws/sessions/{sid}"
            self.refused(user.get(base + "/behavior-summary"), 404, "not-found", "Session not found")
            self.refused(user.post(base + "/simulate-ml-analysis", {}), 404, "not-found", "Session not found")
            self.refused(user.post(base + "/events", [{"event_type": "scroll", "data": {}}]), 404, "not-found", "Session not found")


class Changes(Case):
    def test_guesses_of_the_password_are_throttled_by_account(self):
        user = self.user()
        said = [user.post("/auth/change-password", {"password": f"wrong-guess-{i}", "new_password": "plover-granite-77"}).status
                for i in range(7)]
        self.assertEqual(said, [401] * 5 + [429] * 2)
        self.assertEqual(user.try_login().status, 200)  # the owner's logins are not held back

    def test_guesses_side_by_side_are_as_many_as_one_after_the_other(self):
        user = self.user(self.own(HASH_WORKERS="8", HASH_QUEUE="64"))
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            logins = list(pool.map(lambda n: user.try_login(password="wrong-guess", device=f"thief-{n}").status, range(16)))
            changes = list(pool.map(lambda n: user.post("/auth/change-password", {"password": f"wrong-guess-{n}", "new_password": "plover-granite-77"}).status,
                                    range(16)))
        self.assertEqual(sorted(logins), [401] * 5 + [429] * 11)
        self.assertEqual(sorted(changes), [401] * 5 + [429] * 11)

    def test_a_wrong_password_is_in_the_audit_with_its_session(self):
        user = self.user(self.own())
        for _ in range(2):
            user.post("/auth/change-password", {"password": "wrong-one", "new_password": "plover-granite-77"})
        with contextlib.closing(sqlite3.connect(user.server.data / "canara.db")) as base:
            rows = base.execute("select session from security_events where kind = 'password.failed'").fetchall()
        self.assertEqual(rows, [(uuid.UUID(user.session_id).bytes,)] * 2)

    def test_a_new_password_replaces_the_old_and_ends_other_sessions(self):
        user = self.user()
        other = user.again()
        answer = user.post("/auth/change-password", {"password": user.password, "new_password": "plover-granite-77"})
        self.assertEqual(answer.status, 200)
        self.refused(other.get("/auth/session-status"), 401, "unauthorized")
        self.assertEqual(user.status()["is_active"], True)
        self.refused(user.try_login(), 401, "invalid-credentials")
        self.assertEqual(user.try_login(password="plover-granite-77").status, 200)

    def test_a_wrong_password_changes_nothing(self):
        user = self.user()
        self.refused(user.post("/auth/change-password", {"password": "wrong-one", "new_password": "plover-granite-77"}), 401,
                     "invalid-credentials", "Incorrect email or password")
        self.assertEqual(user.try_login().status, 200)

    def test_a_weak_new_password_is_422(self):
        user = self.user()
        answer = self.refused(user.post("/auth/change-password", {"password": user.password, "new_password": "password"}), 422,
                              "invalid-request")
        self.assertEqual([f for f, _ in answer.errors], ["new_password"])

    def test_a_new_password_does_not_hold_the_address(self):
        user = self.user()
        for new in (user.email.upper(), user.email + "!", "my " + user.email, f"key {user.email.title()} 77"):
            answer = self.refused(user.post("/auth/change-password", {"password": user.password, "new_password": new}), 422, "invalid-request")
            self.assertEqual(answer.errors, [("new_password", "must not contain the email address")], new)

    def test_of_many_changes_at_once_one_is_made(self):
        user = self.user(self.own(HASH_WORKERS="4"))
        sessions = [user] + [user.again() for _ in range(3)]
        wanted = [f"plover-granite-{n}" for n in range(len(sessions))]
        with concurrent.futures.ThreadPoolExecutor(len(sessions)) as pool:
            said = list(pool.map(lambda s, new: s.post("/auth/change-password", {"password": user.password, "new_password": new}).status, sessions, wanted))
        self.assertEqual(sorted(said), [200, 401, 401, 401])
        works = [user.try_login(password=new).status for new in wanted]
        self.assertEqual(works, said)

    def test_of_many_changes_of_the_mpin_at_once_one_is_made(self):
        user = self.user(self.own(HASH_WORKERS="4"))
        sessions = [user] + [user.again() for _ in range(2)]  # who comes too late has tried a wrong one: three would lock
        wanted = ["8305", "7351", "5926"]
        with concurrent.futures.ThreadPoolExecutor(len(sessions)) as pool:
            said = list(pool.map(lambda s, new: s.post("/auth/change-mpin", {"mpin": "1234", "new_mpin": new}).status, sessions, wanted))
        self.assertEqual(said.count(200), 1, said)
        self.assertEqual(sessions[said.index(200)].verify(wanted[said.index(200)]).status, 200)

    def test_a_new_mpin_replaces_the_old_and_ends_other_sessions(self):
        user = self.user()
        other = user.again()
        self.assertEqual(user.post("/auth/change-mpin", {"mpin": "1234", "new_mpin": "8305"}).status, 200)
        self.refused(other.get("/auth/session-status"), 401, "unauthorized")
        self.refused(user.verify("1234"), 401, "invalid-mpin", "Invalid MPIN. 2 attempts remaining")
        self.assertEqual(user.verify("8305").status, 200)

    def test_a_wrong_mpin_is_spent_on_the_account(self):
        user = self.user()
        self.refused(user.post("/auth/change-mpin", {"mpin": "9021", "new_mpin": "8305"}), 401, "invalid-mpin",
                     "Invalid MPIN. 2 attempts remaining")
        self.assertEqual(user.status()["mpin_attempts"], 1)

    def test_changes_are_refused_while_the_session_is_challenged(self):
        user = self.user()
        self.assertEqual(user.rehearse(0.75).json()["action_taken"], "challenge")
        self.refused(user.post("/auth/change-password", {"password": user.password, "new_password": "plover-granite-77"}), 403,
                     "mpin-required", "Please verify your MPIN to continue")
        self.refused(user.post("/auth/change-mpin", {"mpin": "1234", "new_mpin": "8305"}), 403, "mpin-required")


class Production(Case):
    """The same server without DEBUG."""
    settings = {"DEBUG": "False", "HOST": "127.0.0.1", "ALLOW_PLAINTEXT": "True", "PEPPER_FILE": None}

    @classmethod
    def setUpClass(cls):
        import pathlib
        import subprocess
        import tempfile
        from support import program
        cls.folder = tempfile.TemporaryDirectory(prefix="canara-contract-")
        pepper = pathlib.Path(cls.folder.name) / "pepper"
        subprocess.run([program["path"], "keygen", "pepper", str(pepper)], check=True, capture_output=True)
        cls.settings = {"DEBUG": "False", "HOST": "127.0.0.1", "ALLOW_PLAINTEXT": "True", "PEPPER_FILE": str(pepper),
                        **{k: "1000000/1m" for k in ("LOGIN_PER_ADDRESS", "REGISTER_PER_ADDRESS", "MPIN_PER_ADDRESS")},
                        "CONNECTIONS_PER_ADDRESS": "1000", "EVENTS_PER_SECOND": "100000"}
        shared(**cls.settings)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def test_the_example_mpins_are_refused(self):
        for mpin in ("1234", "0000"):
            answer = self.server.post("/auth/register", {"email": "p@example.com", "password": PASSWORD, "mpin": mpin})
            self.refused(answer, 422, "invalid-request")

    def test_simulate_is_404(self):
        user = self.user(mpin="8305")
        self.refused(user.rehearse(0.5), 404, "not-found")

    def test_a_bearer_sees_two_decimals_and_no_evidence(self):
        user = self.user(mpin="8305")
        user.events([{"event_type": "rapid_clicks", "data": {"clicks_per_second": 14}}] * 2)
        for said in (user.status(), user.summary()):
            self.assertEqual(said["risk_score"], round(said["risk_score"], 2))
            self.assertNotIn("evidence", said)

    def test_no_origin_is_allowed_by_default(self):
        answer = self.server.call("GET", "/health", headers={"Origin": "http://localhost:3000"})
        self.assertNotIn("access-control-allow-origin", answer.headers)


if __name__ == "__main__":
    unittest.main()
