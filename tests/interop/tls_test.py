#!/usr/bin/python3
"""TLS of the real server against clients of others: openssl s_client, Python's ssl, websockets.

    tls_test.py CANARA [Class.test ...]"""
import asyncio
import json
import os
import re
import signal
import socket
import ssl
import time
import unittest

import secure

try:
    import websockets
except ImportError:
    websockets = None

EVENT = {"event_type": "typing_pattern", "timestamp": "2026-11-28T12:00:00Z",
         "data": {"keystroke_intervals": [120, 95, 143, 88, 131], "field": "amount"}}
GET = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


def setUpModule():
    global certificates, server
    certificates = secure.Certificates()
    for name, kind in (("ec", "ec"), ("rsa", "rsa"), ("ec-next", "ec"), ("served", "ec"), ("lone", "ec")):
        certificates.make(name, kind)
    server = secure.Server(**certificates.settings("served", "rsa"))


def tearDownModule():
    server.remove()
    certificates.held.cleanup()


def s_client(*more, stdin=GET, check=True):
    """What `openssl s_client` says of a connection, its request sent when the handshake is through."""
    done = secure.run("openssl", "s_client", "-connect", f"127.0.0.1:{server.port}", "-servername", "localhost",
                      "-CAfile", certificates.path("ca.pem"), "-verify_return_error", "-ign_eof", *more,
                      stdin=stdin, check=False)
    text = (done.stdout + done.stderr).decode(errors="replace")
    if check and ("HTTP/1.1 200 OK" not in text or done.returncode != 0):
        raise AssertionError(text)
    return text


def serve(name):
    """Put certificate NAME in the place of the one served, and have it read by the signal."""
    for end in ("pem", "key"):
        target = certificates.path(f"served.{end}")
        target.write_bytes(certificates.path(f"{name}.{end}").read_bytes())
    said = server.log_text().count("Certificates were read again")
    server.process.send_signal(signal.SIGHUP)
    until = time.monotonic() + secure.WAIT_S
    while server.log_text().count("Certificates were read again") == said:
        assert time.monotonic() < until, server.log_text()[-2000:]
        time.sleep(0.01)


def serial_of(link):
    return link.sock.getpeercert()["serialNumber"]


class OpenSSL(unittest.TestCase):
    def test_both_versions_with_both_keys(self):
        for version in ("-tls1_2", "-tls1_3"):
            for algorithms, key in (("ECDSA+SHA256", "id-ecPublicKey"), ("RSA-PSS+SHA256:RSA+SHA256", "rsaEncryption")):
                with self.subTest(version=version, key=key):
                    text = s_client(version, "-sigalgs", algorithms)
                    self.assertIn(f"a:PKEY: {key}", text)
                    self.assertIn("Compression: NONE", text)
                    self.assertIn("Verify return code: 0 (ok)", text)
                    self.assertIn("Strict-Transport-Security: max-age=", text)

    def test_old_versions_are_refused(self):
        for version in ("-tls1", "-tls1_1"):
            with self.subTest(version=version):
                text = s_client(version, "-cipher", "ALL:@SECLEVEL=0", check=False)
                self.assertIn("alert protocol version", text)
                self.assertNotIn("HTTP/1.1", text)

    def test_weak_ciphers_are_refused(self):
        for cipher in ("AES128-GCM-SHA256", "ECDHE-RSA-AES128-SHA", "DHE-RSA-AES128-GCM-SHA256"):
            with self.subTest(cipher=cipher):
                self.assertIn("handshake failure", s_client("-tls1_2", "-cipher", cipher, check=False))

    def test_the_protocol_is_http_1_1(self):
        self.assertIn("ALPN protocol: http/1.1", s_client("-alpn", "h2,http/1.1"))
        self.assertIn("alert no application protocol", s_client("-alpn", "h2", check=False))

    def test_tickets_resume_also_after_a_reload_and_allow_no_early_data(self):
        for version in ("-tls1_2", "-tls1_3"):
            with self.subTest(version=version):
                kept = certificates.path("session")
                text = s_client(version, "-sess_out", kept)
                self.assertIn("\nNew, TLSv1", text)
                self.assertIn("TLS session ticket lifetime hint: 7200", text)
                if version == "-tls1_3":
                    self.assertIn("Max Early Data: 0", text)
                self.assertIn("\nReused, TLSv1", s_client(version, "-sess_in", kept, "-sess_out", kept))
                serve("ec-next")
                self.assertIn("\nReused, TLSv1", s_client(version, "-sess_in", kept))

    def test_renegotiation_is_refused(self):
        done = secure.run("openssl", "s_client", "-connect", f"127.0.0.1:{server.port}", "-tls1_2", stdin=b"R\n",
                          check=False)
        text = (done.stdout + done.stderr).decode(errors="replace")
        self.assertIn("RENEGOTIATING", text)
        self.assertIn("no renegotiation", text)


class Reload(unittest.TestCase):
    def test_a_new_certificate_comes_without_a_dropped_connection(self):
        serve("ec")
        with secure.connect(server.port, certificates.context()) as old:
            before = serial_of(old)
            serve("ec-next")
            with secure.connect(server.port, certificates.context()) as new:
                self.assertNotEqual(before, serial_of(new))
                self.assertEqual(new.ask("GET", "/health/live")[0], 200)
            self.assertEqual(old.ask("GET", "/health/live")[0], 200)

    def test_a_bad_file_changes_nothing_and_is_named(self):
        serve("ec")
        good = {end: certificates.path(f"served.{end}").read_bytes() for end in ("pem", "key")}
        key = certificates.path("served.key")

        def put(end, content):
            certificates.path(f"served.{end}").write_bytes(content)

        cases = (("pem", b"", "TLS_CERT_FILE: holds no certificate"),
                 ("pem", certificates.path("lone.pem").read_bytes(), "TLS_KEY_FILE: is not the key of TLS_CERT_FILE"),
                 ("pem", certificates.path("rsa.pem").read_bytes(), "TLS_KEY_FILE: is not the key"),
                 ("key", b"-----BEGIN PRIVATE KEY-----\n", "TLS_KEY_FILE: holds no private key"),
                 ("key", b"", "is empty or too long"))
        try:
            for end, content, why in cases:
                with self.subTest(why=why):
                    put(end, content)
                    self.refused(why)
                    put(end, good[end])
            with self.subTest("mode"):
                key.chmod(0o644)
                self.refused("must have mode 0640, 0600 or narrower")
            with self.subTest("a pipe that nobody writes into"):
                served = certificates.path("served.pem")
                served.unlink()
                os.mkfifo(served, 0o600)
                self.refused("TLS_CERT_FILE: " + str(served) + ": must be a regular file")
                served.unlink()
                put("pem", good["pem"])
            with self.subTest("gone"):
                key.rename(certificates.path("away"))
                self.refused("No such file")
        finally:
            if certificates.path("away").exists():
                certificates.path("away").rename(key)
            key.chmod(0o600)
        self.reloads(f"Certificates were read again. TLS_CERT_FILE={certificates.path('served.pem')}: "
                     r"the certificate ends on \d{4}-\d\d-\d\d")

    def test_a_reload_says_whose_certificate_has_ended_or_soon_will(self):
        read = "Certificates were read again"
        for days, words in ((90, read), (-1, read + r"\. TLS_CERT_FILE=.*: the certificate ended on .*clients refuse it")):
            certificates.make("short", "ec", days)
            other = secure.Server(**certificates.settings("short"))
            try:
                self.reloads(words, other)
            finally:
                other.remove()

    def reloads(self, words, of=None):
        done = (of or server).ctl("reload")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout.decode(), f"^{words}\n$")

    def refused(self, why):
        done = server.ctl("reload")
        said = (done.stdout + done.stderr).decode()
        self.assertNotEqual(done.returncode, 0, said)
        self.assertIn("Nothing has changed. ", said)
        self.assertIn(why, said)
        self.assertIn(why, server.log_text())
        with secure.connect(server.port, certificates.context()) as link:
            self.assertEqual(link.ask("GET", "/health/live")[0], 200)


class Start(unittest.TestCase):
    def test_a_start_without_good_files_is_refused_with_a_reason(self):
        certificates.make("start", "ec")
        key = certificates.path("start.key")
        cases = ((lambda: key.chmod(0o604), "TLS_KEY_FILE: .*must have mode 0640, 0600 or narrower"),
                 (lambda: key.write_bytes(b"hello"), "TLS_KEY_FILE: holds no private key in PEM"),
                 (lambda: key.unlink(), "TLS_KEY_FILE: .*No such file"),
                 (lambda: certificates.path("start.pem").unlink(), "TLS_CERT_FILE: .*No such file"))
        for spoil, why in cases:
            with self.subTest(why=why):
                key.chmod(0o600) if key.exists() else None
                spoil()
                with self.assertRaisesRegex(AssertionError, "(?s)the server ended with 1.*" + why):
                    secure.Server(**certificates.settings("start")).remove()
                key.chmod(0o600) if key.exists() else None

    def test_only_1_3_when_so_set(self):
        strict = secure.Server(TLS_MIN_VERSION="1.3", **certificates.settings("lone"))
        try:
            with secure.connect(strict.port, certificates.context(ssl.TLSVersion.TLSv1_3)) as link:
                self.assertEqual(link.ask("GET", "/health/live")[0], 200)
            with self.assertRaises(ssl.SSLError):
                secure.connect(strict.port, certificates.context(ssl.TLSVersion.TLSv1_2))
        finally:
            strict.remove()


@unittest.skipIf(websockets is None, "python3-websockets is not installed")
class Sockets(unittest.TestCase):
    def test_a_socket_lives_over_reloads_and_both_versions(self):
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            with self.subTest(version=version):
                context = certificates.context(version)
                with secure.connect(server.port, context) as link:
                    session, token = secure.login(link, f"ann-{version.value}@example.com")
                asyncio.run(self.talk(context, session, token))

    async def talk(self, context, session, token):
        url = f"wss://localhost:{server.port}{secure.API}/ws/behavior/{session}"
        async with websockets.connect(url, ssl=context, host="127.0.0.1", ping_interval=None,
                                      extra_headers={"Authorization": f"Bearer {token}"}) as ws:
            for round_ in range(3):
                for _ in range(20):
                    await ws.send(json.dumps(EVENT))
                got = 0
                while got < 20:
                    got += "data_received" in await asyncio.wait_for(ws.recv(), secure.WAIT_S)
                serve("ec" if round_ % 2 == 0 else "ec-next")
            pong = await ws.ping()
            await asyncio.wait_for(pong, secure.WAIT_S)
            await ws.send("[" + ",".join([json.dumps(EVENT)] * 256) + "]")  # several records
            while "data_received" not in await asyncio.wait_for(ws.recv(), secure.WAIT_S):
                pass


class Attacks(unittest.TestCase):
    def alive(self):
        with secure.connect(server.port, certificates.context()) as link:
            self.assertEqual(link.ask("GET", "/health/live")[0], 200)

    def test_plain_http_is_told_where_it_is(self):
        answer, closed = server.raw(GET)
        self.assertTrue(closed)
        self.assertTrue(answer.startswith(b"HTTP/1.1 400 "), answer)
        self.assertIn(b"TLS only", answer)

    def test_garbage_is_hung_up_on(self):
        for data in (b"\x00" * 100, b"\x16\x03\x01\xff\xff" + b"x" * 70000, b"\x80\x2e\x01\x03\x01" + b"y" * 60,
                     b"\x16\x03\x01\x00\x02\x01\x00" * 1000, b"\x15\x03\x01\x00\x02\x02\x28",
                     b"\x14\x03\x03\x00\x01\x01" * 100):
            with self.subTest(data=data[:8]):
                _, closed = server.raw(data)
                self.assertTrue(closed)
        self.alive()

    def test_a_flood_of_half_handshakes_keeps_nobody_out_for_long(self):
        half = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"z" * 40
        held = []
        try:
            for i in range(400):  # from ten addresses
                s = socket.create_connection(("127.0.0.1", server.port), source_address=(f"127.0.1.{i % 10}", 0))
                s.sendall(half)
                held.append(s)
            began = time.monotonic()
            for _ in range(20):
                self.alive()
            self.assertLess(time.monotonic() - began, secure.WAIT_S)
        finally:
            for s in held:
                s.close()

    def test_half_closed_the_answer_still_comes(self):
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            with self.subTest(version=version):
                context = certificates.context(version)
                raw = socket.create_connection(("127.0.0.1", server.port), timeout=secure.WAIT_S)
                incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
                tls = context.wrap_bio(incoming, outgoing, server_hostname="localhost")
                self.drive(raw, incoming, outgoing, tls.do_handshake)
                tls.write(GET.replace(b"close", b"keep-alive"))
                try:
                    tls.unwrap()  # says that this was all
                except ssl.SSLError:
                    pass
                raw.sendall(outgoing.read())
                raw.shutdown(socket.SHUT_WR)
                sealed = b""
                while True:
                    part = raw.recv(65536)
                    if not part:
                        break
                    sealed += part
                self.assertGreater(len(sealed), 300)  # the answer, and close_notify
                raw.close()

    def drive(self, raw, incoming, outgoing, step):
        while True:
            try:
                step()
                raw.sendall(outgoing.read())
                return
            except ssl.SSLWantReadError:
                raw.sendall(outgoing.read())
                incoming.write(raw.recv(65536))

    def test_the_end_is_said(self):
        with secure.connect(server.port, certificates.context()) as link:
            self.assertEqual(link.ask("GET", "/health/live", headers={"Connection": "close"})[0], 200)
            self.assertEqual(link.sock.recv(1), b"")  # an SSLEOFError if the connection were only cut


class Metrics(unittest.TestCase):
    def test_handshakes_and_the_end_of_the_certificate_are_counted(self):
        with secure.connect(server.port, certificates.context()) as link:
            _, _, body = link.ask("GET", "/metrics")
        text = body.decode()
        self.assertGreater(int(re.search(r'canara_tls_handshakes_total\{result="full"\} (\d+)', text).group(1)), 0)
        end = int(re.search(r"canara_tls_certificate_end_seconds (\d+)", text).group(1))
        self.assertTrue(0 < end - time.time() < 3 * 86400)


if __name__ == "__main__":
    secure.main(__doc__)
