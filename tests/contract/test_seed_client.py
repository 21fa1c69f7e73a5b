"""The seed document's client, unchanged in what it does, and the document's own examples; and curl."""
import contextlib
import io
import json
import subprocess
import unittest
import uuid

from seed_client import SeedClient
from support import API, Case


class Seed(Case):
    def setUp(self):
        quiet = contextlib.redirect_stdout(io.StringIO())  # it tells everything it sees
        quiet.__enter__()
        self.addCleanup(quiet.__exit__, None, None, None)

    def client(self, server=None, **more):
        server = server or self.server
        return SeedClient(f"http://127.0.0.1:{server.port}", fast=True, **more)

    def test_the_documented_account_can_be_made_and_used_twice(self):
        server = self.own()
        for registered in (200, 400):
            client = self.client(server, seconds=3, seed=registered)  # the same again would be a replay
            self.assertEqual(client.register(), registered)
            self.assertEqual(client.run(), 0)
            kinds = [m["type"] for m in client.seen]
            self.assertEqual(kinds[0], "connection_established")
            self.assertEqual(kinds.count("data_received"), client.sent)
            self.assertGreater(client.sent, 15)
            self.assertNotIn("error", kinds)

    def test_its_events_are_all_in_the_buffer_file(self):
        server = self.own()
        client = self.client(server, seconds=2)
        self.assertEqual(client.run(), 0)
        summary = server.get(f"/ws/sessions/{client.session_id}/behavior-summary", client.token)
        self.assertEqual(summary.json()["total_events"], client.sent)
        lines = [line for line in server.buffer(client, client.sent + 1) if line["event_type"] in
                 ("typing_pattern", "navigation_pattern", "mouse_movement", "rapid_clicks", "copy_paste_behavior", "unusual_navigation")]
        self.assertEqual(len(lines), client.sent)
        self.assertEqual({line["user_email"] for line in lines}, {"demo@canara.com"})

    def test_a_machine_is_asked_for_its_mpin_or_blocked(self):
        client = self.client(seconds=4, bot=True, account={"email": f"bot.{uuid.uuid4().hex[:8]}@canara.com"})
        self.assertEqual(client.run(), 0)
        self.assertTrue({"mpin_required", "session_blocked", "risk_update"} & {m["type"] for m in client.seen})

    def test_the_documents_own_examples_answer_as_it_says(self):
        mail = f"user.{uuid.uuid4().hex[:8]}@canara.com"
        done = self.server.post("/auth/register", {"email": mail, "password": "securepassword", "mpin": "1234"})
        self.assertEqual(done.status, 200)
        said = self.server.post("/auth/login", {"email": mail, "password": "securepassword", "device_id": "mobile_app_001"}).json()
        self.assertEqual((said["token_type"], said["expires_in"]), ("bearer", 3600))
        status = self.server.get("/auth/session-status", said["session_token"]).json()
        for name in ("session_id", "user_email", "device_id", "created_at", "last_activity", "is_active", "is_blocked", "risk_score", "behavioral_events_count",
                     "mpin_attempts"):
            self.assertIn(name, status)


class Curl(Case):
    def curl(self, *args):
        done = subprocess.run(["curl", "-sS", "-i", "--max-time", "10", *args], capture_output=True, text=True, check=True)
        head, body = done.stdout.split("\n\n", 1) if "\r\n\r\n" not in done.stdout else done.stdout.split("\r\n\r\n", 1)
        return int(head.split()[1]), body

    def test_curl_walks_register_login_status_logout(self):
        base = f"http://127.0.0.1:{self.server.port}{API}/auth"
        mail = f"curl.{uuid.uuid4().hex[:8]}@example.com"
        body = json.dumps({"email": mail, "password": "vellum-otter-quartz-91", "mpin": "1234", "device_id": "curl"})
        for name in ("register", "login"):
            status, said = self.curl("-H", "Content-Type: application/json", "-d", body, f"{base}/{name}")
            self.assertEqual(status, 200, said)
        bearer = ["-H", "Authorization: Bearer " + json.loads(said)["session_token"]]
        self.assertEqual(json.loads(self.curl(*bearer, f"{base}/session-status")[1])["user_email"], mail)
        for _ in range(2):
            self.assertEqual(self.curl(*bearer, "-X", "POST", f"{base}/logout")[0], 200)
        self.assertEqual(self.curl(*bearer, f"{base}/session-status")[0], 401)

    def test_curl_takes_gzip_and_head(self):
        base = f"http://127.0.0.1:{self.server.port}"
        done = subprocess.run(["curl", "-sS", "--compressed", "--max-time", "10", f"{base}{API}/openapi.json"], capture_output=True, text=True, check=True)
        self.assertEqual(json.loads(done.stdout)["openapi"], "3.1.0")
        self.assertEqual(self.curl("-I", f"{base}/docs")[0], 200)


if __name__ == "__main__":
    unittest.main()
