"""Statuses that belong to HTTP: paths, methods, bodies, framing, and smuggling through raw sockets."""
import json
import re
import unittest

from support import API, Case

LOGIN = API + "/auth/login"
GOOD_BODY = json.dumps({"email": "a@example.com", "password": "x", "device_id": "d"}).encode()


def request(head, body=b"", host=True):
    lines = [head] + (["Host: 127.0.0.1"] if host else [])
    return "\r\n".join(lines).encode() + b"\r\n" + body


class Statuses(Case):
    settings = {"LOGIN_PER_ACCOUNT": "0"}

    def test_an_unknown_path_is_404(self):
        for path in ("/nowhere", API, API + "/", API + "/auth", API + "/auth/login/", "/health/", "//", API + "/AUTH/login",
                     "/api/v2/auth/login"):
            self.refused(self.server.call("GET", path), 404, "not-found", "Not found")

    def test_a_path_that_climbs_or_is_encoded_leads_nowhere(self):
        for path in ("/%2e%2e/etc/passwd", API + "/auth/../auth/session-status", "/docs/../health", "/docs/..%2fhealth", "/./health",
                     "/%68ealth", "/health%00", "/health;x", "/health%2f"):
            self.assertIn(self.server.call("GET", path).status, (400, 404), path)

    def test_a_wrong_method_is_405_with_the_right_ones(self):
        cases = {("GET", LOGIN): {"POST", "OPTIONS"}, ("POST", API + "/auth/session-status"): {"GET", "HEAD", "OPTIONS"},
                 ("DELETE", "/health"): {"GET", "HEAD", "OPTIONS"}, ("PATCH", API + "/auth/register"): {"POST", "OPTIONS"},
                 ("BREW", "/"): {"GET", "HEAD", "OPTIONS"}, ("POST", "/docs"): {"GET", "HEAD", "OPTIONS"},
                 ("DELETE", API + "/openapi.json"): {"GET", "HEAD", "OPTIONS"}}
        for (method, path), allowed in cases.items():
            answer = self.refused(self.server.call(method, path), 405, "method-not-allowed", "Method not allowed")
            self.assertEqual({m.strip() for m in answer.headers["allow"].split(",")}, allowed, (method, path))

    def test_trace_and_connect_are_not_answered_with_content(self):
        for method in ("TRACE", "CONNECT"):
            answer = self.server.call(method, "/health", check=False)
            self.assertIn(answer.status, (400, 405, 501), method)
            self.assertNotEqual(answer.status, 501, "never a 5xx from input")

    def test_a_body_of_another_type_is_415(self):
        for kind in (None, "", "text/plain", "application/x-www-form-urlencoded", "application/jsonp", "json",
                     "application/json; charset=latin-1", "multipart/form-data; boundary=x"):
            head = {"Content-Type": kind if kind is not None else None}
            link = f"POST {LOGIN} HTTP/1.1\r\nHost: x\r\n" + (f"Content-Type: {kind}\r\n" if kind is not None else "")
            got, _ = self.server.raw(link.encode() + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(GOOD_BODY)
                                     + GOOD_BODY)
            self.assertTrue(got.startswith(b"HTTP/1.1 415 "), (head, got[:200]))

    def test_json_with_parameters_and_any_case_is_taken(self):
        for kind in ("application/json", "Application/JSON", "application/json; charset=utf-8", "application/json;charset=UTF-8"):
            answer = self.server.call("POST", LOGIN, raw=GOOD_BODY, headers={"Content-Type": kind})
            self.refused(answer, 401, "invalid-credentials")

    def test_a_compressed_body_is_415(self):
        answer = self.server.call("POST", LOGIN, raw=GOOD_BODY, headers={"Content-Encoding": "gzip"})
        self.refused(answer, 415, "unsupported-media-type")

    def test_a_body_over_64_KiB_is_413_and_one_of_64_KiB_is_read(self):
        fill = len(json.dumps({"email": ""}))
        for size, status in ((65535, 422), (65536, 422), (65537, 413), (70000, 413), (1 << 20, 413)):
            body = json.dumps({"email": "a" * (size - fill)}).encode()
            self.assertEqual(len(body), size)
            head = f"POST {LOGIN} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {size}\r\n\r\n"
            got, _ = self.server.raw(head.encode() + body, wait_s=1)
            self.assertTrue(got.startswith(b"HTTP/1.1 %d " % status), (size, got[:120]))

    def test_unparseable_json_is_400(self):
        for text in (b"", b"{", b"{}x", b"nul", b"{'a':1}", b'{"a":1,}', b'{"a":NaN}', b'{"a":1,"a":2}', b'"\xff"', b"\xef\xbb\xbf{}",
                     b'{"a":"\\ud800"}', b"[" * 200 + b"]" * 200, b'{"a":01}', b'{"a":"\x01"}', b'{"a":1e999}'):
            answer = self.server.call("POST", LOGIN, raw=text)
            self.refused(answer, 400, "invalid-json", "Invalid JSON format")

    def test_json_that_is_no_object_is_422(self):
        for text in (b"[]", b"1", b'"x"', b"null", b"true"):
            answer = self.refused(self.server.call("POST", LOGIN, raw=text), 422, "invalid-request")
            self.assertEqual(answer.errors[0][0], "")

    def test_a_body_of_too_many_values_is_422_and_says_how_many(self):
        login = {"email": "a@example.com", "password": "x", "device_id": "d"}
        for path, body, values, nodes in ((API + "/auth/refresh", {"refresh_token": "x"}, 256, 32), (LOGIN, login, 2560, 640)):
            before = len(body) + 2  # itself, its members, and the list
            honest = self.server.call("POST", path, body=dict(body, z=[1] * (values - before)))
            self.assertEqual(honest.status, 401)
            for more, what in (([1] * (values - before + 1), f"{values} values"), ([{}] * (nodes - 1), f"{nodes} objects and arrays"),
                               ([{}] * 21000, None)):
                answer = self.refused(self.server.call("POST", path, raw=json.dumps(dict(body, z=more), separators=(",", ":")).encode()),
                                      422, "invalid-request")
                self.assertEqual(answer.errors[0][0], "")
                self.assertTrue(what is None or answer.errors[0][1] == f"must have at most {what}", answer.errors)

    def test_unknown_members_are_ignored(self):
        body = {"email": "a@example.com", "password": "x", "device_id": "d", "extra": {"deep": [1]}}
        self.refused(self.server.call("POST", LOGIN, body=body), 401, "invalid-credentials")

    def test_a_chunked_body_is_joined(self):
        chunks = b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in (GOOD_BODY[:1], GOOD_BODY[1:9], GOOD_BODY[9:])) + b"0\r\n\r\n"
        head = f"POST {LOGIN} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
        got, _ = self.server.raw(head.encode() + chunks)
        self.assertTrue(got.startswith(b"HTTP/1.1 401 "), got[:200])

    def test_expect_100_continue_is_answered(self):
        head = (f"POST {LOGIN} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nExpect: 100-continue\r\n"
                f"Connection: close\r\nContent-Length: {len(GOOD_BODY)}\r\n\r\n")
        got, _ = self.server.raw(head.encode(), wait_s=0.5)
        self.assertTrue(got.startswith(b"HTTP/1.1 100 "), got[:100])

    def test_another_expectation_is_417(self):
        got, _ = self.server.raw(b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\nExpect: the-unexpected\r\n\r\n")
        self.assertTrue(got.startswith(b"HTTP/1.1 417 "), got[:100])

    def test_a_long_target_is_414_and_long_fields_are_431(self):
        got, closed = self.server.raw(b"GET /" + b"a" * 5000 + b" HTTP/1.1\r\nHost: x\r\n\r\n")
        self.assertTrue(got.startswith(b"HTTP/1.1 414 ") and closed, got[:100])
        got, closed = self.server.raw(b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 20000 + b"\r\n\r\n")
        self.assertTrue(got.startswith(b"HTTP/1.1 431 ") and closed, got[:100])
        many = b"".join(b"A%d: x\r\n" % i for i in range(80))
        got, closed = self.server.raw(b"GET / HTTP/1.1\r\nHost: x\r\n" + many + b"\r\n")
        self.assertTrue(got.startswith(b"HTTP/1.1 431 ") and closed, got[:100])

    def test_pipelined_requests_are_answered_in_order(self):
        paths = ["/health", "/nowhere", "/", "/health/live", API + "/auth/session-status"] * 4
        out = b"".join(f"GET {p} HTTP/1.1\r\nHost: x\r\nX-Request-Id: p{i}\r\n{'Connection: close' + chr(13) + chr(10) if i == 19 else ''}\r\n"
                       .encode() for i, p in enumerate(paths))
        got, _ = self.server.raw(out)
        ids = re.findall(rb"(?im)^x-request-id: p(\d+)\r$", got)
        self.assertEqual([int(i) for i in ids], list(range(20)))
        self.assertEqual([int(s) for s in re.findall(rb"HTTP/1\.1 (\d+) ", got)], [200, 404, 200, 200, 401] * 4)

    def test_http_1_0_is_answered_and_closed(self):
        got, closed = self.server.raw(b"GET /health HTTP/1.0\r\n\r\n")
        self.assertTrue(got.startswith(b"HTTP/1.1 200 ") and closed, got[:100])

    def test_connection_close_is_obeyed(self):
        got, closed = self.server.raw(b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        self.assertTrue(got.startswith(b"HTTP/1.1 200 ") and closed)
        self.assertRegex(got, rb"(?i)connection: close")


def smuggling_cases():
    """(name, bytes): each message that two servers in a row could read in two ways, and plain nonsense."""
    start = f"POST {LOGIN} HTTP/1.1".encode()
    body = b"0\r\n\r\n"
    yield "CL and TE", start, [b"Content-Length: 5", b"Transfer-Encoding: chunked"], body
    yield "TE and CL", start, [b"Transfer-Encoding: chunked", b"Content-Length: 5"], body
    for pair in ((b"5", b"6"), (b"5", b"5"), (b"5", b"5, 5"), (b"0", b"5")):
        yield f"two lengths {pair}", start, [b"Content-Length: " + p for p in pair], b"12345"
    for value in (b"+5", b"-5", b"5 ", b" 5x", b"0x5", b"5,5", b"5, 6", b"5;", b"", b"5.0", b"1e1", b"99999999999999999999",
                  b"18446744073709551621", b"5\t6", b"\xef\xbc\x95"):
        if value != b"5 ":
            yield f"length {value!r}", start, [b"Content-Length: " + value], b"12345"
    for value in (b"identity", b"gzip", b"chunked, chunked", b"chunked, identity", b"gzip, chunked", b"xchunked", b"chunkedx",
                  b"\x0bchunked", b"chunked;q=1", b'"chunked"', b"chun ked", b"", b",", b"chunked,gzip"):
        yield f"coding {value!r}", start, [b"Transfer-Encoding: " + value], body
    yield "two codings", start, [b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked"], body
    yield "coding and identity", start, [b"Transfer-Encoding: chunked", b"Transfer-Encoding: identity"], body
    for name in (b"Transfer-Encoding ", b"Transfer Encoding", b"Transfer-Encoding\t", b" Transfer-Encoding", b"Transfer-Encoding\x00",
                 b"Content-Length ", b"\tContent-Length", b"Content\x00-Length", b"(x)", b"", b"X\x7f", b"X\xe4", b"A@", b"A[", b"A B"):
        yield f"field name {name!r}", start, [name + b": 5", b"Content-Length: 5"], b"12345"
    yield "no colon", start, [b"Content-Length 5", b"Content-Length: 5"], b"12345"
    yield "folded field", start, [b"Content-Length: 5", b"X: a", b" b"], b"12345"
    yield "folded length", start, [b"Content-Length:", b" 5"], b"12345"
    yield "folded first", start, [b" X: a", b"Content-Length: 5"], b"12345"
    for bad in (b"a\x00b", b"a\rb", b"a\nb", b"a\x0bb", b"a\x7fb", b"\x01"):
        yield f"field value {bad!r}", start, [b"X: " + bad, b"Content-Length: 5"], b"12345"
    for size in (b"", b"g", b"-1", b"+5", b"0x5", b" 5", b"5 ", b"5;\n", b"5\n", b"ffffffffffffffffff", b"80000000000000000", b"5\x00",
                 b"5;a=\x00", b"5\r", b"5;a\rb"):
        yield f"chunk size {size!r}", start, [b"Transfer-Encoding: chunked"], size + b"\r\nhello\r\n0\r\n\r\n"
    for text in (b"5\r\nhello0\r\n\r\n", b"5\r\nhelloXX0\r\n\r\n", b"5\r\nhello\n0\r\n\r\n", b"5\r\nhello\r0\r\n\r\n", b"0\r\nX y\r\n\r\n",
                 b"0\r\n : x\r\n\r\n", b"0\r\nContent-Length: 5\r\n X\r\n\r\n"):
        yield f"chunk framing {text[:20]!r}", start, [b"Transfer-Encoding: chunked"], text
    yield "chunked in HTTP/1.0", f"POST {LOGIN} HTTP/1.0".encode(), [b"Transfer-Encoding: chunked"], body
    for line in (b"GET  / HTTP/1.1", b"GET /  HTTP/1.1", b"GET\t/ HTTP/1.1", b"GET / HTTP/1.1 ", b" GET / HTTP/1.1", b"GET /",
                 b"GET / http/1.1", b"GET / HTTP/1,1", b"GET / HTTP/11", b"GET / HTTP/2.0", b"GET / HTTP/1.10", b"GET / HTTP/0.9",
                 b"GET / HTTP/1.2x", b"GET / FTP/1.1", b"G(T / HTTP/1.1", b"GET x HTTP/1.1", b"GET /a b HTTP/1.1", b"GET /\x00 HTTP/1.1",
                 b"GET /\x7f HTTP/1.1", b"GET /\xff HTTP/1.1", b"GET /#f HTTP/1.1", b"GET http:/// HTTP/1.1", b"", b"\x16\x03\x01\x02\x00",
                 b"PRI * HTTP/2.0", b"GET * HTTP/1.1"):
        yield f"request line {line!r}", line, [], b""
    yield "bare LF lines", None, None, b"GET /health HTTP/1.1\nHost: x\n\n"
    yield "LF after the head", None, None, b"GET /health HTTP/1.1\r\nHost: x\r\n\n"
    yield "CR in place of CRLF", None, None, b"GET /health HTTP/1.1\rHost: x\r\r"
    yield "no Host", None, None, b"GET /health HTTP/1.1\r\n\r\n"
    yield "two Hosts", b"GET /health HTTP/1.1", [b"Host: y"], b""
    for host in (b"a b", b"a/b", b"a@b", b"a,b", b"[::1", b"a:b", b"\x80"):
        yield f"Host {host!r}", None, None, b"GET /health HTTP/1.1\r\nHost: " + host + b"\r\n\r\n"
    yield "authority unlike Host", b"GET http://elsewhere/health HTTP/1.1", [], b""


class Smuggling(Case):
    def test_every_ambiguous_message_is_refused_and_the_connection_closed(self):
        behind = b"GET /health HTTP/1.1\r\nHost: x\r\nX-Request-Id: smuggled\r\n\r\n"
        for name, line, fields, body in smuggling_cases():
            with self.subTest(case=name):
                if line is None:
                    sent = body
                else:
                    content = b"POST" in line
                    sent = b"\r\n".join([line, b"Host: x", *([b"Content-Type: application/json"] if content else []), *fields]) \
                        + b"\r\n\r\n" + body
                got, closed = self.server.raw(sent + behind, wait_s=3)
                self.assertRegex(got[:13], rb"^HTTP/1\.1 4\d\d ", got[:200])
                self.assertTrue(closed, "the connection stays open")
                self.assertEqual(len(re.findall(rb"HTTP/1\.1 \d\d\d ", got)), 1, got)
                self.assertNotIn(b"smuggled", got)

    def test_there_are_about_a_hundred_of_them(self):
        self.assertGreater(len(list(smuggling_cases())), 100)

    def test_a_refusal_of_framing_is_a_problem_document(self):
        got, _ = self.server.raw(b"GET /health HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n")
        head, body = got.split(b"\r\n\r\n", 1)
        self.assertIn(b"application/problem+json", head)
        self.assertEqual(json.loads(body)["type"], "urn:canara:problem:invalid-http")

    def test_the_server_lives_after_all_that(self):
        self.assertEqual(self.server.call("GET", "/health").status, 200)

    def test_a_request_in_single_bytes_is_read(self):
        import socket
        with socket.create_connection(("127.0.0.1", self.server.port), timeout=10) as link:
            link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for byte in b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n":
                link.sendall(bytes([byte]))
            got = b""
            while part := link.recv(4096):
                got += part
        self.assertTrue(got.startswith(b"HTTP/1.1 200 "))


if __name__ == "__main__":
    unittest.main()
