"""Tokens: forged, stale, borrowed, refreshed; tickets; and what must never be logged."""
import hashlib
import hmac
import json
import re
import sqlite3
import time
import unittest
from contextlib import closing

from sockets import Refused, Socket
from support import SECRET_KEY, Case, User, b64, sign, unb64


def parts(token):
    head, claims, mac = token.split(".")
    return unb64(head), json.loads(unb64(claims)), mac


class Forged(Case):
    def setUp(self):
        self.me = self.user()
        self.head, self.claims, self.mac = parts(self.me.token)

    def refuse(self, token, why=""):
        answer = self.server.get("/auth/session-status", token)
        self.refused(answer, 401, "unauthorized", "Invalid session token")
        self.assertIn('error="invalid_token"', answer.headers["www-authenticate"], why)

    def test_the_token_is_a_jwt_signed_with_the_secret_key(self):
        text = self.me.token.rsplit(".", 1)[0]
        self.assertEqual(self.mac, b64(hmac.new(SECRET_KEY.encode(), text.encode(), hashlib.sha256).digest()))
        head = json.loads(self.head)
        self.assertEqual((head["alg"], head["typ"]), ("HS256", "JWT"))
        self.assertLessEqual(set(head), {"alg", "typ", "kid"})
        self.assertEqual(set(self.claims), {"sub", "sid", "did", "iat", "exp", "jti", "iss", "aud"})
        self.assertEqual(self.claims["sid"], self.me.session_id)
        self.assertEqual(self.claims["exp"] - self.claims["iat"], 12 * 3600)
        self.assertNotIn(self.me.device, json.dumps(self.claims))
        self.assertNotIn("@", json.dumps(self.claims))

    def test_a_token_signed_again_the_same_way_is_accepted(self):
        claims = unb64(self.me.token.split(".")[1])
        self.assertEqual(self.server.get("/auth/session-status", sign(self.head, claims)).status, 200)

    def test_no_token_and_other_schemes_get_a_bare_challenge(self):
        for value in (None, "", "Basic dTpw", "Token x", "bearer"):
            answer = self.server.get("/auth/session-status", headers={"Authorization": value})
            self.refused(answer, 401, "unauthorized", "Invalid session token")
        self.assertEqual(self.server.get("/auth/session-status").headers["www-authenticate"], 'Bearer realm="canara"')

    def test_alg_none_and_every_other_algorithm_is_refused(self):
        claims = unb64(self.me.token.split(".")[1])
        for alg in ("none", "None", "NONE", "nOnE", "HS384", "HS512", "RS256", "ES256", "PS256", "EdDSA", "hs256", "", "HS256 "):
            head = json.dumps({"alg": alg, "typ": "JWT"}, separators=(",", ":")).encode()
            self.refuse(sign(head, claims), alg)
            self.refuse(b64(head) + "." + b64(claims) + ".", alg)
        self.refuse(sign(b'{"alg":"HS512","typ":"JWT"}', claims, digest=hashlib.sha512))

    def test_headers_with_keys_or_addresses_of_keys_are_refused(self):
        claims = unb64(self.me.token.split(".")[1])
        for more in ({"jku": "http://127.0.0.1/keys"}, {"jwk": {"kty": "oct", "k": "AAAA"}}, {"x5u": "http://127.0.0.1/x"},
                     {"kid": "../../../dev/null"}, {"kid": "' OR 1=1 --"}, {"crit": ["exp"]}, {"b64": False}, {"typ": "at+jwt"}, {"cty": "JWT"}):
            head = json.dumps({"alg": "HS256", "typ": "JWT", **more}, separators=(",", ":")).encode()
            self.refuse(sign(head, claims), str(more))
        for head in (b'{"typ":"JWT","alg":"HS256","alg":"HS256"}', b'{ "alg":"HS256","typ":"JWT"}', b'{"alg":"HS256"}', b"{}", b"", b"[]"):
            self.refuse(sign(head, claims), str(head))

    def test_changed_claims_under_a_true_signature_are_refused(self):
        now = int(time.time())
        for change in ({"aud": "other"}, {"aud": ["canara"]}, {"iss": "other"}, {"exp": now - 1}, {"exp": 0}, {"exp": -1}, {"exp": "9999999999"},
                       {"exp": 1e300}, {"iat": now + 86400}, {"sub": "x"}, {"sid": "x"}, {"sid": self.claims["sid"].upper()},
                       {"did": ""}, {"jti": None}, {"sub": None}, {"admin": True}):
            claims = {**self.claims, **change}
            self.refuse(sign(self.head, json.dumps(claims, separators=(",", ":")).encode()), str(change))
        for gone in self.claims:
            claims = {k: v for k, v in self.claims.items() if k != gone}
            self.refuse(sign(self.head, json.dumps(claims, separators=(",", ":")).encode()), "without " + gone)

    def test_duplicate_claims_are_refused(self):
        text = unb64(self.me.token.split(".")[1]).decode()
        for name in self.claims:
            doubled = text[:-1] + f',"{name}":{json.dumps(self.claims[name])}}}'
            self.refuse(sign(self.head, doubled.encode()), name)

    def test_damage_anywhere_is_refused(self):
        token = self.me.token
        for i in range(0, len(token), 7):
            other = "A" if token[i] != "A" else "B"
            self.refuse(token[:i] + other + token[i + 1:], f"at {i}")
        for bad in (token + "A", token[:-1], token + ".", "." + token, token.replace(".", ".."), token + "=", token.upper(), "", " ", ".", "..",
                    "a" * 5000, token.split(".")[0] + ".." + self.mac, token.replace("_", "/").replace("-", "+") + "/"):
            answer = self.server.get("/auth/session-status", headers={"Authorization": "Bearer " + bad})
            self.assertIn(answer.status, (401, 431), bad)

    def test_a_token_of_another_key_is_refused(self):
        claims = unb64(self.me.token.split(".")[1])
        for key in ("", "secret", SECRET_KEY + "x", SECRET_KEY[:-1], "\0" * 32):
            self.refuse(sign(self.head, claims, key), key)

    def test_two_authorization_fields_are_refused(self):
        got, _ = self.server.raw(("GET /api/v1/auth/session-status HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                                  f"Authorization: Bearer {self.me.token}\r\nAuthorization: Bearer x\r\n\r\n").encode())
        self.assertRegex(got[:13], rb"^HTTP/1.1 40[01] ")

    def test_a_token_in_the_query_of_a_rest_route_counts_for_nothing(self):
        answer = self.server.get("/auth/session-status?token=" + self.me.token)
        self.refused(answer, 401, "unauthorized")


class Rotation(Case):
    def test_the_previous_key_still_verifies_and_no_longer_signs(self):
        server = self.own()
        user = User(server)
        server.stop()
        fresh = "n3w-Key-for-rotation-8sKd02Lq7ZxP4mVb6Ty1"
        server.settings.update(SECRET_KEY=fresh, SECRET_KEY_PREVIOUS=SECRET_KEY)
        server.start()
        self.assertEqual(user.status()["is_active"], True)
        user.login()
        text, mac = user.token.rsplit(".", 1)
        self.assertEqual(mac, b64(hmac.new(fresh.encode(), text.encode(), hashlib.sha256).digest()))


class Refresh(Case):
    def refresh(self, token):
        return self.server.post("/auth/refresh", {"refresh_token": token})

    def test_a_refresh_gives_new_tokens_of_the_same_session_and_state(self):
        user = self.user()
        user.rehearse(0.75)
        said = self.refresh(user.refresh_token).json()
        self.assertEqual((said["session_id"], said["mpin_required"]), (user.session_id, True))
        self.assertNotEqual(said["refresh_token"], user.refresh_token)
        user.take(said)
        self.assertEqual(user.status()["mpin_required"], True)

    def test_a_reused_token_revokes_the_family_and_ends_the_session(self):
        user = self.user()
        first = user.refresh_token
        user.take(self.refresh(first).json())
        link = Socket(user)
        self.refused(self.refresh(first), 401, "invalid-refresh-token", "Invalid refresh token")
        self.refused(self.refresh(user.refresh_token), 401, "invalid-refresh-token")
        self.refused(user.get("/auth/session-status"), 401, "unauthorized")
        self.assertEqual(link.closed()[0], 4401)

    def test_any_spent_token_ends_the_session_and_the_rows_stay_few(self):
        server = self.own(REFRESH_PER_SESSION="0")
        user, other = User(server), User(server)
        spent = []
        for _ in range(100):
            spent.append(user.refresh_token)
            user.take(server.post("/auth/refresh", {"refresh_token": user.refresh_token}).json())
        with closing(sqlite3.connect(server.data / "canara.db")) as db:
            self.assertEqual(db.execute("SELECT count(*) FROM refresh_families").fetchone(), (2,))
            self.assertEqual(db.execute("SELECT count(*) FROM refresh_tokens").fetchone(), (0,))
        self.refused(server.post("/auth/refresh", {"refresh_token": spent[3]}), 401, "invalid-refresh-token")
        self.refused(server.post("/auth/refresh", {"refresh_token": user.refresh_token}), 401, "invalid-refresh-token")
        self.assertEqual(user.get("/auth/session-status").status, 401)
        self.assertEqual(other.get("/auth/session-status").status, 200)

    def test_an_account_has_no_more_than_64_devices(self):
        server = self.own(LOGIN_SUCCESS_PER_ACCOUNT="0")
        user = User(server)
        for i in range(70):
            user.login(f"device-{i}")
        with closing(sqlite3.connect(server.data / "canara.db")) as db:
            self.assertEqual(db.execute("SELECT count(*) FROM devices").fetchone(), (64,))
            self.assertEqual(db.execute("SELECT count(*) FROM devices WHERE proved <> 0").fetchone(), (1,))  # his first

    def test_forged_refresh_tokens_are_401_and_wrong_shapes_422(self):
        token = self.user().refresh_token
        for bad in (token[:-1] + ("A" if token[-1] != "A" else "B"), token + "A", token[:-1], "x", "é", "a" * 200):
            self.refused(self.refresh(bad), 401, "invalid-refresh-token")
        for body in ({}, {"refresh_token": 1}, {"refresh_token": None}):
            self.refused(self.server.post("/auth/refresh", body), 422, "invalid-request")

    def test_a_rotation_is_not_undone_by_kill_9(self):
        import signal
        server = self.own()
        user = User(server)
        first = user.refresh_token
        said = server.post("/auth/refresh", {"refresh_token": first}).json()
        server.restart(signal.SIGKILL)
        self.refused(server.post("/auth/refresh", {"refresh_token": first}), 401, "invalid-refresh-token")
        self.refused(server.post("/auth/refresh", {"refresh_token": said["refresh_token"]}), 401, "invalid-refresh-token")


class Tickets(Case):
    def test_a_ticket_opens_one_socket_once(self):
        user = self.user()
        said = user.post("/ws/ticket").json()
        self.assertEqual(said["expires_in"], 30)
        with Socket(user, query="?ticket=" + said["ticket"]) as link:
            self.assertEqual(link.hello["session_id"], user.session_id)
        with self.assertRaises(Refused) as refused:
            Socket(user, query="?ticket=" + said["ticket"])
        self.assertEqual(refused.exception.status, 401)

    def test_a_ticket_of_another_session_opens_nothing(self):
        user, other = self.user(), self.user()
        ticket = other.post("/ws/ticket").json()["ticket"]
        with self.assertRaises(Refused) as refused:
            Socket(user, query="?ticket=" + ticket)
        self.assertIn(refused.exception.status, (401, 403))

    def test_a_ticket_with_the_device_id_of_another_is_401_and_stays_unspent(self):
        user = self.user()
        ticket = "?ticket=" + user.post("/ws/ticket").json()["ticket"]
        with self.assertRaises(Refused) as refused:
            Socket(user, query=ticket, headers={"X-Device-ID": "another"})
        self.assertEqual(refused.exception.status, 401)
        Socket(user, query=ticket, headers={"X-Device-ID": user.device}).close()

    def test_forged_tickets_are_401(self):
        user = self.user()
        ticket = user.post("/ws/ticket").json()["ticket"]
        for bad in ("", "x", ticket[:-1], ticket + "A", ticket[::-1], "A" * 22, "%00", "a" * 3000):
            with self.assertRaises(Refused) as refused:
                Socket(user, query="?ticket=" + bad)
            self.assertEqual(refused.exception.status, 401, bad)

    def test_tickets_end_with_the_session(self):
        user = self.user()
        ticket = user.post("/ws/ticket").json()["ticket"]
        user.post("/auth/logout")
        with self.assertRaises(Refused) as refused:
            Socket(user, query="?ticket=" + ticket)
        self.assertEqual(refused.exception.status, 401)


class NothingLeaks(Case):
    def test_secrets_are_neither_logged_nor_kept_in_plain_text(self):
        server = self.own(LOG_LEVEL="debug")
        user = User(server, mpin="8305")
        with Socket(user, query="?token=" + user.token) as link:
            link.ask({"event_type": "navigation_pattern", "data": {"current_page": "zebra-crossing-page"}})
        ticket = user.post("/ws/ticket").json()["ticket"]
        Socket(user, query="?ticket=" + ticket).close()
        user.verify()
        user.try_login(password="mistaken-password-55")
        server.call("GET", "/nowhere?leak=query-string-66")
        server.call("GET", "/health", headers={"X-Request-Id": "bad\x1b[31m"})
        server.stop()
        log = server.log_text()
        for secret in (user.password, "mistaken-password-55", user.token, user.token.rsplit(".", 1)[1], user.refresh_token, ticket,
                       "query-string-66", "zebra-crossing-page", SECRET_KEY, "\x1b"):
            self.assertNotIn(secret, log)
        kept = b"".join(p.read_bytes() for p in sorted(server.data.rglob("*")) if p.is_file())
        for secret in (user.password, user.token.rsplit(".", 1)[1], user.refresh_token, ticket):
            self.assertNotIn(secret.encode(), kept)

    def test_the_journal_holds_no_address(self):
        server = self.own()
        user = User(server)
        user.events([{"event_type": "scroll", "data": {"pixels": 5}}])
        server.stop()
        found = [p for p in server.data.rglob("*") if p.is_file() and "journal" in str(p.relative_to(server.data))]
        self.assertTrue(found)
        for path in found:
            self.assertNotIn(user.email.encode(), path.read_bytes(), path)

    def test_data_is_private(self):
        server = self.own()
        user = User(server)
        user.events([{"event_type": "scroll", "data": {}}])
        user.summary()
        self.assertEqual(server.data.stat().st_mode & 0o777, 0o700)
        for path in server.data.rglob("*"):
            mode = path.stat().st_mode & 0o777
            self.assertEqual(mode & 0o077, 0, (path, oct(mode)))

    def test_log_lines_cannot_be_forged(self):
        server = self.own(LOG_FORMAT="json")
        server.raw(b"GET /x HTTP/1.1\r\nHost: x\r\nUser-Agent: a\"}\r\nX-Request-Id: x\r\nConnection: close\r\n\r\n")
        server.call("POST", "/api/v1/auth/login", {"email": "a\n{\"event\":\"fake.event\"}@example.com", "password": "x", "device_id": "\u2028\u0007"})
        server.stop()
        for line in server.log_text().splitlines():
            if line.startswith("{"):
                self.assertNotEqual(json.loads(line).get("event"), "fake.event")
        self.assertFalse(re.search(r"[\x00-\x08\x0b-\x1f\x7f]", server.log_text()))


if __name__ == "__main__":
    unittest.main()
