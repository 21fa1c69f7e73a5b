"""How the server starts, refuses to start, and throttles."""
import os
import socket
import subprocess
import tempfile
import time
import unittest

from support import SECRET_KEY, Case, Server, User, event, program


class Start(Case):
    def refuses(self, settings, *words, env=None, dotenv=None):
        """The start ends non-zero with one line that has these words."""
        with tempfile.TemporaryDirectory(prefix="canara-contract-") as folder:
            if dotenv:
                with open(os.path.join(folder, ".env"), "w", encoding="ascii") as out:
                    out.write(dotenv)
            command = [program["path"], "serve", "--set", "PORT=0", "--set", f"DATA_DIR={folder}/data"]
            for name, value in settings.items():
                command += ["--set", f"{name}={value}"]
            try:
                done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=10, check=False,
                                      env={"PATH": "/usr/bin:/bin", **(env or {})})
            except subprocess.TimeoutExpired:
                self.fail(f"it started with {settings}")
        said = done.stdout + done.stderr
        self.assertNotEqual(done.returncode, 0, said)
        for word in words:
            self.assertIn(word, said)
        self.assertNotIn(SECRET_KEY, said)

    def test_bad_values_stop_the_start_and_are_named(self):
        for name, value in (("MPIN_LENGTH", "3"), ("MPIN_LENGTH", "13"), ("MPIN_LENGTH", "four"), ("MAX_MPIN_ATTEMPTS", "0"), ("SUSPICIOUS_THRESHOLD", "1.5"),
                            ("SUSPICIOUS_THRESHOLD", "nan"), ("HIGH_RISK_THRESHOLD", "-0.1"), ("SESSION_EXPIRE_MINUTES", "0"), ("SESSION_EXPIRE_MINUTES", "-5"),
                            ("PORT", "65536"), ("PORT", "x"), ("DEBUG", "maybe"), ("LOGIN_PER_ADDRESS", "5"), ("LOGIN_PER_ADDRESS", "5/1d"),
                            ("BACKEND_CORS_ORIGINS", "*"), ("HOST", "not an address"), ("DATABASE_URL", "mysql://x")):
            self.refuses({"DEBUG": "True", "SECRET_KEY": SECRET_KEY, name: value}, name)

    def test_a_certificate_that_has_ended_or_soon_will_is_told_before_the_start(self):
        with tempfile.TemporaryDirectory(prefix="canara-contract-") as folder:
            for days, words in ((-1, "ended on"), (7, "ends on"), (90, None)):
                cert, key = f"{folder}/cert.pem", f"{folder}/key.pem"
                subprocess.run(["openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=localhost",
                                "-keyout", key, "-out", f"{folder}/ask.pem"], check=True, capture_output=True)
                subprocess.run(["openssl", "x509", "-req", "-in", f"{folder}/ask.pem", "-signkey", key, "-days", str(days), "-out", cert],
                               check=True, capture_output=True)
                os.chmod(key, 0o600)
                done = subprocess.run([program["path"], "check-config", "--set", "DEBUG=True", "--set", f"DATA_DIR={folder}/data",
                                       "--set", f"TLS_CERT_FILE={cert}", "--set", f"TLS_KEY_FILE={key}"],
                                      cwd=folder, capture_output=True, text=True, timeout=10, check=False, env={"PATH": "/usr/bin:/bin"})
                self.assertEqual(done.returncode, 0, done.stderr)
                told = [line for line in done.stderr.splitlines() if "certificate" in line]
                day = time.strftime("%Y-%m-%d", time.gmtime(os.path.getmtime(cert) + days * 86400))
                want = f"canara check-config: warning: TLS_CERT_FILE={cert}: the certificate {words} {day}"
                self.assertEqual([line[:len(want)] for line in told], [want] if words else [])

    def test_a_data_dir_too_long_for_its_control_socket_is_said_to_be_that(self):
        with tempfile.TemporaryDirectory(prefix="canara-contract-") as folder:
            long = os.path.join(folder, "d" * (95 - len(folder) - 1))
            self.refuses({"DEBUG": "True", "DATA_DIR": long}, "DATA_DIR", "too long", "at most 94")

    def test_thresholds_out_of_order_stop_the_start(self):
        self.refuses({"DEBUG": "True", "SUSPICIOUS_THRESHOLD": "0.95", "HIGH_RISK_THRESHOLD": "0.9"}, "THRESHOLD")

    def test_production_needs_a_secret_key(self):
        for key in (None, "", "short", "your-production-secret-key", "your-secret-key-here-change-in-production", "a" * 64):
            more = {} if key is None else {"SECRET_KEY": key}
            self.refuses({"DEBUG": "False", "HOST": "127.0.0.1", **more}, "SECRET_KEY")

    def test_production_needs_a_pepper_outside_the_data(self):
        self.refuses({"DEBUG": "False", "HOST": "127.0.0.1", "SECRET_KEY": SECRET_KEY}, "PEPPER_FILE")

    def test_debug_off_loopback_is_refused(self):
        self.refuses({"DEBUG": "True", "HOST": "0.0.0.0"}, "DEBUG")

    def test_plain_text_on_a_public_address_is_refused(self):
        with tempfile.TemporaryDirectory(prefix="canara-contract-") as folder:
            pepper = os.path.join(folder, "pepper")
            subprocess.run([program["path"], "keygen", "pepper", pepper], check=True, capture_output=True)
            self.refuses({"DEBUG": "False", "HOST": "0.0.0.0", "SECRET_KEY": SECRET_KEY, "PEPPER_FILE": pepper}, "ALLOW_PLAINTEXT")

    def test_an_unlimited_throttle_needs_debug(self):
        with tempfile.TemporaryDirectory(prefix="canara-contract-") as folder:
            pepper = os.path.join(folder, "pepper")
            subprocess.run([program["path"], "keygen", "pepper", pepper], check=True, capture_output=True)
            self.refuses({"DEBUG": "False", "HOST": "127.0.0.1", "SECRET_KEY": SECRET_KEY, "PEPPER_FILE": pepper, "LOGIN_PER_ADDRESS": "0"},
                         "LOGIN_PER_ADDRESS")

    def test_an_unknown_name_in_the_file_is_a_warning_with_the_nearest_known_one(self):
        server = Server(start=False)
        self.addCleanup(server.remove)
        (server.dir / ".env").write_text("MPIN_LENGHT=6\n", encoding="ascii")
        server.start()
        self.assertIn("MPIN_LENGTH", server.log_text())

    def test_set_wins_over_the_environment_over_the_file(self):
        for env, more, length in (({}, {}, 5), ({"MPIN_LENGTH": "6"}, {}, 6), ({"MPIN_LENGTH": "6"}, {"MPIN_LENGTH": "7"}, 7)):
            server = Server(env=env, start=False, **more)
            self.addCleanup(server.remove)
            (server.dir / ".env").write_text("MPIN_LENGTH=5\n", encoding="ascii")
            server.start()
            body = {"email": "a@example.com", "password": "vellum-otter-quartz-91", "mpin": "12"}
            self.assertEqual(server.post("/auth/register", body).detail, f"MPIN must be exactly {length} digits")
            server.stop()

    def test_with_debug_a_key_is_made_and_kept(self):
        server = Server(SECRET_KEY=None)
        self.addCleanup(server.remove)
        user = User(server)
        server.restart()
        self.assertEqual(user.status()["is_active"], True)

    def test_a_database_without_its_pepper_stops_the_start(self):
        server = Server()
        self.addCleanup(server.remove)
        server.stop()
        (server.data / "pepper").unlink()
        with self.assertRaises(AssertionError):
            server.start(wait_s=8)
        self.assertIn("the pepper is missing beside a database", server.log_text())
        self.assertFalse((server.data / "pepper").exists())

    def test_a_database_is_not_opened_with_another_pepper_and_rotating_goes_on(self):
        server = Server(start=False)
        self.addCleanup(server.remove)
        files = {}
        for name in ("first", "second"):
            files[name] = server.dir / name
            subprocess.run([program["path"], "keygen", "pepper", str(files[name])], check=True, capture_output=True)
        server.settings["PEPPER_FILE"] = str(files["first"])
        server.start()
        user = User(server)
        server.stop()
        server.settings["PEPPER_FILE"] = str(files["second"])
        with self.assertRaises(AssertionError):
            server.start(wait_s=8)
        self.assertIn("PEPPER_FILE lacks a pepper that this database needs", server.log_text())
        files["first"].write_text(files["second"].read_text() + files["first"].read_text())
        server.settings["PEPPER_FILE"] = str(files["first"])
        server.start()
        self.assertEqual(user.verify().status, 200)
        self.assertEqual(user.try_login().status, 200)

    def test_standard_descriptors_that_are_closed_lead_nowhere(self):
        for closed in ("2>&-", ">&- 2>&-", "<&- >&- 2>&-"):
            with self.subTest(closed), socket.create_server(("127.0.0.1", 0)) as taken:
                server = Server(start=False, LOG_LEVEL="debug", PORT=taken.getsockname()[1])
                self.addCleanup(server.remove)
                server.port = taken.getsockname()[1]
                taken.close()
                server.data.mkdir(mode=0o700)
                server.process = subprocess.Popen(["/bin/sh", "-c", f'exec "$@" {closed}', "sh", *server.command()], cwd=server.dir,
                                                  stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                                  env={"PATH": "/usr/bin:/bin"})
                deadline = time.monotonic() + 20
                while not server.is_ready():
                    self.assertLess(time.monotonic(), deadline)
                    time.sleep(0.02)
                for number in "012":
                    self.assertEqual(os.readlink(f"/proc/{server.process.pid}/fd/{number}"), "/dev/null")
                self.assertEqual(User(server).status()["is_active"], True)
                self.assertEqual(server.stop(), 0)

    def test_a_second_server_on_the_same_data_is_refused(self):
        server = self.own()
        second = Server(start=False)
        self.addCleanup(second.remove)
        second.settings["DATA_DIR"] = str(server.data)
        with self.assertRaises(AssertionError):
            second.start(wait_s=8)
        self.assertEqual(server.call("GET", "/health").status, 200)


class Throttles(Case):
    def throttled(self, answer):
        self.refused(answer, 429, "too-many-requests", "Too many requests")
        return int(answer.headers["retry-after"])

    def test_logins_to_one_account_are_slowed_after_five_failures(self):
        server = self.own()
        user = User(server, login=False)
        for _ in range(5):
            self.refused(user.try_login(password="wrong-password", device="stranger"), 401, "invalid-credentials")
        answers = [user.try_login(password="wrong-password", device="stranger") for _ in range(7)]
        self.assertLessEqual(sum(a.status == 401 for a in answers), 1, "one try a minute")
        self.assertLessEqual(self.throttled(answers[-1]), 60)

    def test_a_known_device_has_its_own_allowance(self):
        server = self.own()
        user = User(server)
        for _ in range(12):
            user.try_login(password="wrong-password", device="stranger")
        self.throttled(user.try_login(device="stranger"))
        self.assertEqual(user.try_login(device=user.device).status, 200)

    def test_only_failures_count_for_logins(self):
        server = self.own(LOGIN_PER_ADDRESS="5/1m")
        user = User(server)
        for _ in range(8):
            self.assertEqual(user.try_login().status, 200)

    def test_an_unknown_account_is_throttled_like_a_known_one(self):
        server = self.own()
        user = User(server, login=False)
        user.email = "nobody." + user.email
        statuses = [user.try_login(password="wrong-password").status for _ in range(8)]
        self.assertEqual(statuses[:5], [401] * 5)
        self.assertIn(429, statuses[5:])

    def test_registrations_of_one_address_are_limited(self):
        server = self.own(REGISTER_PER_ADDRESS="3/1m")
        answers = [server.post("/auth/register", {"email": f"u{i}@example.com", "password": "vellum-otter-quartz-91", "mpin": "1234"}) for i in range(5)]
        self.assertEqual([a.status for a in answers[:3]], [200] * 3)
        self.throttled(answers[4])

    def test_malformed_registrations_are_tries_too(self):
        server = self.own(REGISTER_PER_ADDRESS="3/1m")
        self.assertEqual([server.post("/auth/register", {}).status for _ in range(3)], [422] * 3)
        self.throttled(server.post("/auth/register", {}))
        self.throttled(server.post("/auth/register", {"email": "u@example.com", "password": "vellum-otter-quartz-91", "mpin": "4829"}))

    def test_logins_of_one_address_are_limited(self):
        server = self.own(LOGIN_PER_ADDRESS="3/1m")
        bodies = [{"email": f"u{i}@example.com", "password": "wrong-password", "device_id": "d"} for i in range(6)]
        answers = [server.post("/auth/login", body) for body in bodies]
        self.assertEqual([a.status for a in answers[:3]], [401] * 3)
        self.throttled(answers[5])

    def test_mpin_tries_of_one_address_are_limited(self):
        server = self.own(MPIN_PER_ADDRESS="3/1m")
        users = [User(server) for _ in range(3)]
        answers = [user.verify("9021") for user in users for _ in range(2)]
        self.assertEqual([a.status for a in answers[:3]], [401] * 3)
        self.throttled(answers[5])

    def test_decisions_of_one_session_are_limited(self):
        server = self.own(EVALUATE_PER_SESSION="3/1m")
        user, other = User(server), User(server)
        answers = [user.post("/risk/evaluate", {"action": "transfer"}) for _ in range(6)]
        self.assertEqual([a.status for a in answers[:3]], [200] * 3)
        self.throttled(answers[5])
        self.assertEqual(other.post("/risk/evaluate", {"action": "transfer"}).status, 200)

    def test_successful_logins_of_one_account_are_limited(self):
        server = self.own(LOGIN_SUCCESS_PER_ACCOUNT="3/1m")
        user, other = User(server), User(server)  # each has logged in once
        answers = [user.try_login(device=f"device-{i}") for i in range(4)]
        self.assertEqual([a.status for a in answers[:2]], [200] * 2)
        self.throttled(answers[3])
        self.assertEqual(other.try_login().status, 200)

    def test_refreshes_of_one_session_are_limited_and_spend_nothing_beyond(self):
        server = self.own(REFRESH_PER_SESSION="3/3s")
        user, other = User(server), User(server)
        token = user.refresh_token
        for _ in range(3):
            token = server.post("/auth/refresh", {"refresh_token": token}).json()["refresh_token"]
        self.throttled(server.post("/auth/refresh", {"refresh_token": token}))
        self.assertEqual(server.post("/auth/refresh", {"refresh_token": other.refresh_token}).status, 200)
        time.sleep(1.1)
        self.assertEqual(server.post("/auth/refresh", {"refresh_token": token}).status, 200)

    def test_connections_of_one_address_are_limited(self):
        import socket
        server = self.own(CONNECTIONS_PER_ADDRESS="5")
        links = [socket.create_connection(("127.0.0.1", server.port), timeout=5) for _ in range(12)]
        time.sleep(0.3)
        refused = 0
        for link in links:
            link.settimeout(2)
            try:
                link.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
                refused += not link.recv(100).startswith(b"HTTP/1.1 200 ")
            except (ConnectionError, socket.timeout):
                refused += 1
        for link in links:
            link.close()
        self.assertGreaterEqual(refused, 7)
        time.sleep(0.2)
        self.assertEqual(server.call("GET", "/health").status, 200)

    def test_a_full_hash_queue_answers_503_with_retry_after(self):
        import concurrent.futures
        server = self.own(HASH_WORKERS="1", HASH_QUEUE="2", LOGIN_PER_ACCOUNT="0", LOGIN_SUCCESS_PER_ACCOUNT="0")
        user = User(server)
        with concurrent.futures.ThreadPoolExecutor(40) as pool:
            answers = list(pool.map(lambda _: user.try_login(), range(80)))
        busy = [a for a in answers if a.status == 503]
        self.assertTrue(busy, "nothing was refused")
        self.refused(busy[0], 503, "overloaded", "Server is busy, try again")
        self.assertEqual({a.status for a in answers}, {200, 503})

    def test_one_account_at_the_login_keeps_no_other_out(self):
        import threading
        server = self.own(HASH_WORKERS="1", HASH_QUEUE="4", LOGIN_SUCCESS_PER_ACCOUNT="0")
        flooding, honest = User(server), User(server)
        statuses, over = [], threading.Event()

        def flood():
            while not over.is_set():
                statuses.append(flooding.try_login().status)

        threads = [threading.Thread(target=flood) for _ in range(24)]
        for thread in threads:
            thread.start()
        try:
            while 503 not in statuses:
                time.sleep(0.01)
            answers = [honest.try_login() for _ in range(3)]
            answers += [honest.verify(honest.mpin) for _ in range(3)]
            answers += [honest.post("/auth/logout")]
        finally:
            over.set()
            for thread in threads:
                thread.join()
        self.assertEqual([a.status for a in answers], [200] * 7)
        self.assertLessEqual(set(statuses), {200, 503})


class Slow(Case):
    is_long = True

    def test_tickets_last_30_seconds_and_idle_sessions_their_minutes(self):
        from sockets import Refused, Socket
        server = self.own(SESSION_EXPIRE_MINUTES="1")
        user, busy = User(server), User(server)
        ticket = user.post("/ws/ticket").json()["ticket"]
        link = Socket(user)
        began = time.monotonic()
        while time.monotonic() - began < 31:
            time.sleep(1)
        busy.events([event()])
        with self.assertRaises(Refused) as refused:
            Socket(user, query="?ticket=" + ticket)
        self.assertEqual(refused.exception.status, 401)
        self.assertEqual(user.status()["is_active"], True)
        self.assertEqual(link.closed(wait_s=45)[0], 4401)
        self.refused(user.get("/auth/session-status"), 401, "unauthorized", "Invalid session token")
        self.assertEqual(busy.status()["is_active"], True)


if __name__ == "__main__":
    unittest.main()
