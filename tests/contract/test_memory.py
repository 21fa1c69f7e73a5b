"""What a client said is in the server's memory no longer than it is needed: passwords, MPINs, tokens."""
import base64
import json
import os
import secrets
import socket
import ssl
import subprocess
import time

from memory import Reader
from support import API, Case, User

BODY_MAX = 65536
CERTIFICATE = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=localhost"]


def password():
    """Of the greatest length, and like nothing else in memory."""
    return base64.b85encode(secrets.token_bytes(100)).decode().replace("\\", "a").replace("&", "b")[:124]


def mpin():
    return str(secrets.randbelow(9 * 10**11) + 10**11)


def request(path, body, *lines, method="POST", length=None, raw=False):
    data = body if raw else json.dumps(body).encode()
    head = [f"{method} {path} HTTP/1.1", "Host: x", "Content-Type: application/json", f"Content-Length: {len(data) if length is None else length}", *lines]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + data


def login(email, secret, *lines, fill=0, **more):
    """The secret stands before the fill: what is kept while a body comes grows behind it."""
    body = json.dumps({"email": email, "password": secret, "device_id": "device-a", "fill": "x" * fill}).encode()
    return request(API + "/auth/login", body, *lines, raw=True, **more)


def chunked(path, body, size):
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    parts = [body[at:at + size] for at in range(0, len(body), size)]
    return head + b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


class Link:
    """A connection that stays open after the answer, as those of clients do."""

    def __init__(self, link):
        self.link = link
        self.have = b""

    def send(self, data, step=None):
        for at in range(0, len(data), step or len(data)):
            self.link.sendall(data[at:at + (step or len(data))])
            if step:
                time.sleep(0.003)

    def status(self):
        """Read one answer, all of it."""
        while b"\r\n\r\n" not in self.have:
            self.more()
        head, _, rest = self.have.partition(b"\r\n\r\n")
        if head.startswith(b"HTTP/1.1 100"):
            self.have = rest
            return self.status()
        length = int(next((line.split(b":")[1] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")), b"0"))
        while len(rest) < length:
            rest += self.more()
        self.body, self.have = rest[:length], rest[length:]
        return int(head.split()[1])

    def more(self):
        part = self.link.recv(65536)
        if not part:
            raise AssertionError(f"closed after {self.have[:300]!r}")
        self.have += part
        return part

    def close(self):
        self.link.close()


class Searched(Reader, Case):
    """A server whose memory is looked through."""

    more = {}

    def setUp(self):
        self.mine = self.own(MPIN_LENGTH=12, **self.more)
        self.process = self.mine.process
        self.read_or_skip()
        self.email = f"user.{secrets.token_hex(6)}@example.com"

    def link(self):
        link = socket.create_connection(("127.0.0.1", self.mine.port), timeout=20)
        self.addCleanup(link.close)
        return Link(link)

    def ask(self, data, status, step=None, link=None):
        link = link or self.link()
        link.send(data, step)
        self.assertEqual(link.status(), status, link.body)
        return link


class Wiped(Searched):
    def register(self):
        secret, pin = password(), mpin()
        self.ask(request(API + "/auth/register", {"email": self.email, "password": secret, "mpin": pin}), 200)
        return secret, pin

    def half_of(self, data, *said):
        """A request that stops in the middle lies in memory: the search finds what is there."""
        link = self.link()
        link.send(data)
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            try:
                self.is_there(*said)
                return link
            except AssertionError:
                time.sleep(0.05)
        self.is_there(*said)
        return link

    def test_a_request_that_is_answered_leaves_neither_its_password_nor_its_mpin(self):
        secret, pin = self.register()
        self.is_gone(secret, pin)
        self.ask(login(self.email, secret), 200)
        self.is_gone(secret)

    def test_a_wrong_secret_is_wiped_as_a_right_one(self):
        user = User(self.mine, mpin="804715962338")
        secret, pin, other = password(), mpin(), password()
        self.ask(login(user.email, secret), 401)
        bearer = f"Authorization: Bearer {user.token}"
        self.ask(request(API + "/auth/verify-mpin", {"mpin": pin}, bearer), 401)
        self.ask(request(API + "/auth/change-password", {"password": secret, "new_password": other}, bearer), 401)
        self.ask(request(API + "/auth/refresh", {"refresh_token": other}), 401)
        self.is_gone(secret, pin, other)

    def test_new_secrets_are_wiped_where_they_are_set(self):
        user = User(self.mine, mpin="804715962338")
        secret, pin = password(), mpin()
        bearer = f"Authorization: Bearer {user.token}"
        self.ask(request(API + "/auth/mpin-challenge", {"session_id": user.session_id, "mpin": "804715962338"}, bearer), 200)
        self.ask(request(API + "/auth/change-mpin", {"mpin": "804715962338", "new_mpin": pin}, bearer), 200)
        self.ask(request(API + "/auth/change-password", {"password": user.password, "new_password": secret}, bearer), 200)
        self.is_gone(secret, pin, user.password, "804715962338")

    def test_a_request_in_pieces_leaves_none_of_the_smaller_buffers_that_held_it(self):
        secret, _ = self.register()
        for fill, step in ((0, 40), (3000, 150), (60000, 2000)):
            self.ask(login(self.email, secret, fill=fill), 200, step)
            self.is_gone(secret)

    def test_a_chunked_body_is_wiped_where_it_came_and_where_it_was_joined(self):
        secret, _ = self.register()
        body = json.dumps({"email": self.email, "password": secret, "device_id": "device-a"}).encode()
        for step in (None, 50):
            self.ask(chunked(API + "/auth/login", body, 37), 200, step)
            self.is_gone(secret)

    def test_a_body_that_was_asked_for_is_wiped(self):
        secret, _ = self.register()
        whole = login(self.email, secret, "Expect: 100-continue")
        head, _, body = whole.partition(b"\r\n\r\n")
        link = self.link()
        link.send(head + b"\r\n\r\n")
        while b"100 Continue" not in link.have:
            link.more()
        self.ask(body, 200, link=link)
        self.is_gone(secret)

    def test_requests_behind_another_are_wiped_each(self):
        said = [password() for _ in range(8)]
        link = self.link()
        link.send(b"".join(login(self.email, secret, fill=500) for secret in said))
        got = [link.status() for _ in said]  # one address has so many tries with one account
        self.assertEqual(got, [401] * 5 + [429] * 3)
        self.is_gone(*said)

    def test_what_waits_behind_a_request_is_there_until_it_is_answered(self):
        first, second = password(), password()
        behind = login(self.email, second, fill=4000)
        link = self.half_of(login(self.email, first) + behind[:-1], second)
        self.assertEqual(link.status(), 401)
        self.is_gone(first)
        self.is_there(second)
        self.ask(behind[-1:], 401, link=link)
        self.is_gone(first, second)

    def test_a_connection_that_ends_in_the_middle_of_a_body_leaves_nothing(self):
        for fill in (0, 5000):
            secret = password()
            link = self.half_of(login(self.email, secret, fill=fill)[:-2], secret)
            link.close()
            self.is_gone(secret)

    def test_a_client_that_hangs_up_before_its_answer_leaves_nothing(self):
        said = [password() for _ in range(4)]
        link = self.link()
        link.send(b"".join(login(self.email, secret) for secret in said))
        link.close()
        self.is_gone(*said)

    def test_a_refused_request_is_wiped_as_one_that_is_taken(self):
        email = self.email
        refused = ((413, lambda s: login(email, s, length=BODY_MAX + 1)),
                   (413, lambda s: login(email, s, fill=BODY_MAX)),
                   (415, lambda s: login(email, s).replace(b"application/json", b"text/plain")),
                   (400, lambda s: request(API + "/auth/login", b'{"password":"%s",' % s.encode(), raw=True)),
                   (400, lambda s: login(email, s).replace(b"Host: x", b"Host : x")),
                   (422, lambda s: request(API + "/auth/login", {"password": s})),
                   (422, lambda s: request(API + "/auth/login", [s])),
                   (401, lambda s: request(API + "/auth/verify-mpin", {"mpin": s})),
                   (404, lambda s: login(email, s).replace(b"/auth/login", b"/auth/logon")),
                   (405, lambda s: login(email, s, method="PUT")),
                   (417, lambda s: login(email, s, "Expect: nothing")),
                   (431, lambda s: login(email, s, "X-Much: " + "y" * 20000)),
                   (400, lambda s: login(email, s, "Transfer-Encoding: gzip").replace(b"Content-Length", b"X-Length")))
        for status, make in refused:
            for step in (None, 3000):
                with self.subTest(status=status, step=step):
                    secret = password()
                    link = self.link()
                    try:
                        link.send(make(secret), step)
                        self.assertEqual(link.status(), status, link.body)
                    except (ConnectionError, AssertionError) as fault:  # refused before all of it was sent
                        if step is None or "closed" not in str(fault) and not isinstance(fault, ConnectionError):
                            raise
                    self.is_gone(secret)

    def test_what_nobody_listens_to_any_more_is_wiped(self):
        early, late = password(), password()
        link = self.ask(login(self.email, early, length=BODY_MAX + 1), 413)
        try:
            link.send(late.encode() * 20)
        except ConnectionError:
            pass
        self.is_gone(early, late)

    def test_a_bearer_token_is_wiped_with_its_request(self):
        user = User(self.mine, mpin="804715962338")
        token = password().replace(" ", "")
        text = base64.urlsafe_b64encode(token.encode()).decode()
        self.ask(request(API + "/auth/session-status", b"", f"Authorization: Bearer {text}", method="GET", raw=True), 401)
        self.ask(request(API + "/auth/session-status", b"", f"Authorization: Bearer {user.token}", method="GET", raw=True), 200)
        self.is_gone(text, user.token.rsplit(".", 1)[1])

    def test_tokens_that_were_handed_out_are_wiped_as_they_are_sent(self):
        user = User(self.mine, mpin="804715962338")
        link = self.ask(login(user.email, user.password), 200)
        said = json.loads(link.body)
        bearer = f"Authorization: Bearer {said['session_token']}"
        self.ask(request(API + "/ws/ticket", b"", bearer, raw=True), 200, link=link)
        ticket = json.loads(link.body)["ticket"]
        link = self.ask(request(API + "/auth/refresh", {"refresh_token": said["refresh_token"]}), 200)
        again = json.loads(link.body)
        self.is_gone(said["session_token"].rsplit(".", 1)[1], said["refresh_token"], ticket, again["session_token"].rsplit(".", 1)[1], again["refresh_token"])

    def test_an_operator_who_sets_an_mpin_leaves_none(self):
        user = User(self.mine, mpin="804715962338")
        pin = mpin()
        link = socket.socket(socket.AF_UNIX)
        self.addCleanup(link.close)
        link.settimeout(20)
        here = os.getcwd()
        os.chdir(self.mine.data)  # the name of a socket is short
        try:
            link.connect("control.sock")
        finally:
            os.chdir(here)
        self.ask(request("/ctl/mpin", {"email": user.email, "mpin": pin}), 200, link=Link(link))
        self.is_gone(pin)


class Throttled(Searched):
    more = {"LOGIN_PER_ADDRESS": "2/1m", "HASH_WORKERS": "1", "HASH_QUEUE": "1"}

    def test_what_is_not_even_looked_at_is_wiped(self):
        said = [password() for _ in range(30)]
        links = [self.link() for _ in said]
        for link, secret in zip(links, said):
            link.send(login(f"user.{secrets.token_hex(6)}@example.com", secret))
        got = {link.status() for link in links}
        self.assertTrue(got & {429, 503} and got <= {401, 429, 503}, got)
        self.is_gone(*said)


class UnderTls(Searched):
    def setUp(self):
        super().setUp()
        self.mine.stop()
        cert, key = self.mine.dir / "cert.pem", self.mine.dir / "cert.key"
        subprocess.run([*CERTIFICATE, "-keyout", str(key), "-out", str(cert)], check=True, capture_output=True)
        key.chmod(0o600)
        self.mine.settings.update(TLS_CERT_FILE=str(cert), TLS_KEY_FILE=str(key))
        before = self.mine.log_text()
        self.mine.spawn()
        self.process = self.mine.process
        deadline = time.monotonic() + 20
        while "listening on https" not in self.mine.log_text()[len(before):] and time.monotonic() < deadline:
            time.sleep(0.05)
        self.mine.port = int(self.mine.log_text()[len(before):].split("listening on https://")[1].split(":")[1].split()[0].strip('",'))

    def link(self):
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        link = context.wrap_socket(socket.create_connection(("127.0.0.1", self.mine.port), timeout=20))
        self.addCleanup(link.close)
        return Link(link)

    def test_what_was_said_under_tls_is_wiped_where_it_was_opened(self):
        for fill, step in ((0, None), (0, 40), (30000, None), (30000, 3000)):
            with self.subTest(fill=fill, step=step):
                secret = password()
                self.ask(login(self.email, secret, fill=fill), 401, step)
                self.is_gone(secret)

    def test_a_connection_that_ends_in_mid_body_leaves_nothing_under_tls(self):
        secret = password()
        link = self.link()
        link.send(login(self.email, secret, fill=5000)[:-2])
        time.sleep(0.3)
        self.is_there(secret)
        link.close()
        self.is_gone(secret)

    def test_a_broken_record_behind_a_request_leaves_nothing(self):
        secret = password()
        link = self.link()
        raw = socket.socket(fileno=os.dup(link.link.fileno()))
        self.addCleanup(raw.close)
        raw.settimeout(20)
        link.send(login(self.email, secret)[:-2])
        raw.sendall(b"\x17\x03\x03\x00\x20" + b"z" * 32)
        try:
            while raw.recv(4096):
                pass
        except ConnectionError:
            pass
        self.is_gone(secret)
