#!/usr/bin/python3
"""HAProxy and nginx in front of the real server, with the examples of packaging/proxy.

    proxy_test.py CANARA [Class.test ...]

Each example is read, its ports and files are replaced, and the program that it is for is started with
it. Where that is not installed its tests are skipped, and say so."""
import asyncio
import json
import pathlib
import shutil
import socket
import struct
import subprocess
import tempfile
import time
import unittest

import secure

try:
    import websockets
except ImportError:
    websockets = None

EVENT = {"event_type": "typing_pattern", "timestamp": "2026-11-28T12:00:00Z",
         "data": {"keystroke_intervals": [120, 95, 143, 88, 131], "field": "amount"}}
TRIES = 3  # failed logins of an address before it is slowed


def setUpModule():
    global certificates
    certificates = secure.Certificates()
    certificates.make("server", "ec")
    certificates.make("front", "ec")
    pem = certificates.path("front.pem").read_bytes() + certificates.path("front.key").read_bytes()
    certificates.path("front-both.pem").write_bytes(pem)


def tearDownModule():
    certificates.held.cleanup()


def program(name):
    return shutil.which(name, path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")


def free_ports(count):
    """Ports that nobody has now; all held until all are known."""
    held = [socket.socket() for _ in range(count)]
    for s in held:
        s.bind(("127.0.0.1", 0))
    ports = [s.getsockname()[1] for s in held]
    for s in held:
        s.close()
    return ports


def server(**more):
    return secure.Server(TRUSTED_PROXIES="127.0.0.1/32", LOGIN_PER_ADDRESS=f"{TRIES}/1h", **more)


class Proxy:
    """A program with one of our examples, in a directory of its own."""

    def __init__(self, command, example, replace):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="canara-proxy-"))
        text = (secure.ROOT / "packaging" / "proxy" / example).read_text()
        for old, new in replace.items():
            if old not in text:
                raise AssertionError(f"{example} no longer has {old}")
            text = text.replace(old, str(new).replace("DIR", str(self.dir)))
        (self.dir / "config").write_text(text)
        self.log = open(self.dir / "log", "wb")
        words = [w.replace("CONFIG", str(self.dir / "config")).replace("DIR", str(self.dir)) for w in command]
        self.process = subprocess.Popen(words, stdout=self.log, stderr=self.log, cwd=self.dir)

    def wait_for(self, ports):
        """Until each port gives a whole answer: the proxy first has to find the server well."""
        until = time.monotonic() + secure.WAIT_S
        for port in ports:
            while True:
                try:
                    with secure.connect(port, certificates.context()) as link:
                        if link.ask("GET", "/health/live")[0] == 200:
                            break
                except OSError:
                    pass
                if self.process.poll() is not None or time.monotonic() > until:
                    raise AssertionError((self.dir / "log").read_text())
                time.sleep(0.05)

    def remove(self):
        self.process.terminate()
        try:
            self.process.wait(secure.WAIT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()
        shutil.rmtree(self.dir, ignore_errors=True)


class Front:
    """What holds behind each way of each proxy."""

    def every_way(self):
        for way, port in self.ports.items():
            with self.subTest(way=way):
                yield way, port

    def test_requests_are_answered_and_the_answers_say_https(self):
        for _, port in self.every_way():
            with secure.connect(port, certificates.context()) as link:
                for _ in range(3):
                    status, headers, _ = link.ask("GET", "/health/ready")
                    self.assertEqual(status, 200)
                    self.assertIn("max-age", headers.get("strict-transport-security", ""))

    def test_throttles_count_clients_and_believe_no_headers_of_theirs(self):
        for number, (_, port) in enumerate(self.every_way()):
            slow, other = f"127.0.{2 + number}.1", f"127.0.{2 + number}.2"
            with secure.connect(port, certificates.context(), source=slow) as link:
                got = [secure.fail_login(link, **{"X-Forwarded-For": f"10.9.{number}.{i}",
                                                  "Forwarded": f"for=10.8.{number}.{i}"})
                       for i in range(TRIES + 1)]
            self.assertEqual(got, [401] * TRIES + [429])
            with secure.connect(port, certificates.context(), source=other) as link:
                self.assertEqual(secure.fail_login(link), 401)

    @unittest.skipIf(websockets is None, "python3-websockets is not installed")
    def test_behaviour_sockets_pass(self):
        for way, port in self.every_way():
            with secure.connect(port, certificates.context(), source="127.0.9.9") as link:
                session, token = secure.login(link, f"{type(self).__name__}-{way}@example.com")
            asyncio.run(self.talk(port, session, token))

    async def talk(self, port, session, token):
        url = f"wss://localhost:{port}{secure.API}/ws/behavior/{session}"
        async with websockets.connect(url, ssl=certificates.context(), host="127.0.0.1", ping_interval=None,
                                      extra_headers={"Authorization": f"Bearer {token}"}) as ws:
            for _ in range(50):
                await ws.send(json.dumps(EVENT))
            got = 0
            while got < 50:
                got += "data_received" in await asyncio.wait_for(ws.recv(), secure.WAIT_S)
            await asyncio.wait_for(await ws.ping(), secure.WAIT_S)


@unittest.skipIf(program("haproxy") is None, "haproxy is not installed")
class HAProxy(Front, unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.plain = server(PROXY_PROTOCOL="True")
        cls.addClassCleanup(cls.plain.remove)
        cls.tls = server(PROXY_PROTOCOL="True", **certificates.settings("server"))
        cls.addClassCleanup(cls.tls.remove)
        ports = free_ports(3)
        cls.ports = dict(zip(("ends_tls", "tls_anew", "passes_tls"), ports))
        cls.proxy = Proxy([program("haproxy"), "-db", "-f", "CONFIG"], "haproxy.cfg", {
            "127.0.0.1:8443": f"127.0.0.1:{ports[0]}", "127.0.0.1:8444": f"127.0.0.1:{ports[1]}",
            "127.0.0.1:8445": f"127.0.0.1:{ports[2]}", "127.0.0.1:8000": f"127.0.0.1:{cls.plain.port}",
            "127.0.0.1:8001": f"127.0.0.1:{cls.tls.port}",
            "/etc/haproxy/canara.pem": certificates.path("front-both.pem"),
            "/etc/haproxy/canara-ca.pem": certificates.path("ca.pem"), "maxconn 20000": "maxconn 200"})
        cls.addClassCleanup(cls.proxy.remove)
        cls.proxy.wait_for(ports)

    def test_the_server_s_own_certificate_is_seen_where_tls_passes(self):
        with secure.connect(self.ports["passes_tls"], certificates.context()) as passed, \
                secure.connect(self.ports["tls_anew"], certificates.context()) as ended:
            self.assertNotEqual(passed.sock.getpeercert()["serialNumber"], ended.sock.getpeercert()["serialNumber"])


@unittest.skipIf(program("nginx") is None, "nginx is not installed")
class Nginx(Front, unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.plain = server()
        cls.addClassCleanup(cls.plain.remove)
        cls.tls = server(**certificates.settings("server"))
        cls.addClassCleanup(cls.tls.remove)
        ports = free_ports(2)
        cls.ports = dict(zip(("ends_tls", "tls_anew"), ports))
        places = "".join(f"{kind}_temp_path DIR/{kind};\n    " for kind in
                         ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        cls.proxy = Proxy([program("nginx"), "-p", "DIR", "-c", "CONFIG", "-e", "DIR/errors", "-g", "daemon off;"],
                          "nginx.conf", {
            "127.0.0.1:8443": f"127.0.0.1:{ports[0]}", "127.0.0.1:8444": f"127.0.0.1:{ports[1]}",
            "127.0.0.1:8000": f"127.0.0.1:{cls.plain.port}", "127.0.0.1:8001": f"127.0.0.1:{cls.tls.port}",
            "/etc/nginx/canara.pem": certificates.path("front.pem"),
            "/etc/nginx/canara.key": certificates.path("front.key"),
            "/etc/nginx/canara-ca.pem": certificates.path("ca.pem"),
            "/run/nginx.pid": "DIR/pid", "/var/log/nginx/error.log": "DIR/errors",
            "/var/log/nginx/access.log": "DIR/access", "worker_connections 20000": "worker_connections 200",
            "worker_processes auto": "worker_processes 1", "server_tokens off;": f"server_tokens off;\n    {places}"})
        cls.addClassCleanup(cls.proxy.remove)
        cls.proxy.wait_for(ports)

    def test_tokens_in_addresses_are_not_logged(self):
        with secure.connect(self.ports["ends_tls"], certificates.context()) as link:
            link.ask("GET", "/health/live?token=nobody-shall-read-this")
        self.assertNotIn("nobody-shall-read-this", (self.proxy.dir / "access").read_text())


class Headers(unittest.TestCase):
    """PROXY headers from Python: nobody in between."""

    @classmethod
    def setUpClass(cls):
        cls.server = server(PROXY_PROTOCOL="True", **certificates.settings("server"))
        cls.addClassCleanup(cls.server.remove)

    def header(self, source):
        addresses = socket.inet_aton(source) + socket.inet_aton("10.0.0.1") + struct.pack(">HH", 40000, 443)
        return b"\r\n\r\n\0\r\nQUIT\n\x21\x11" + struct.pack(">H", len(addresses)) + addresses

    def connect(self, first, source=None):
        raw = socket.create_connection(("127.0.0.1", self.server.port), timeout=secure.WAIT_S,
                                       source_address=(source, 0) if source else None)
        try:
            raw.sendall(first)
            raw = certificates.context().wrap_socket(raw, server_hostname="localhost")
            raw.getpeername()  # of a connection that is reset already, ssl shakes no hands and says nothing
            return secure.Link(raw)
        except OSError:
            raw.close()
            raise

    def test_the_client_of_the_header_is_whom_throttles_count(self):
        for i in range(TRIES + 1):
            with self.connect(self.header("198.51.100.7")) as link:
                self.assertEqual(secure.fail_login(link), 401 if i < TRIES else 429)
        with self.connect(self.header("198.51.100.8")) as link:
            self.assertEqual(secure.fail_login(link), 401)

    def test_a_stranger_s_header_and_a_connection_without_one_are_hung_up_on(self):
        with self.assertRaises(OSError):
            self.connect(self.header("198.51.100.9"), source="127.0.0.2")
        with self.assertRaises(OSError):
            self.connect(b"")
        with self.assertRaises(OSError):
            self.connect(b"PROXY TCP4 198.51.100.9 10.0.0.1 40000 443\r\n")
        with self.connect(self.header("127.0.0.1")) as link:
            text = link.ask("GET", "/metrics")[2].decode()
        self.assertIn('canara_proxy_refused_total{reason="stranger"} 1', text)
        self.assertIn('canara_proxy_refused_total{reason="header"} 2', text)
        self.assertIn("proxy.bad_header", self.server.log_text())


if __name__ == "__main__":
    secure.main(__doc__)
