"""Outside the prefix: name, health, metrics, documents; and headers, CORS and trace context everywhere."""
import fcntl
import gzip
import http.client
import json
import os
import re
import subprocess
import time
import unittest

from support import API, Case, ROOT, Server

SECURITY = {"x-content-type-options": "nosniff", "referrer-policy": "no-referrer"}


class Service(Case):
    def test_the_root_names_the_service_and_links_its_documents(self):
        said = self.server.call("GET", "/").json()
        self.assertEqual(said["message"], "Canara AI Security Backend")
        self.assertRegex(said["version"], r"^\d+\.\d+\.\d+")
        for link in said["links"].values():
            self.assertEqual(self.server.call("GET", link).status, 200, link)

    def test_health_says_healthy(self):
        answer = self.server.call("GET", "/health")
        self.assertEqual((answer.status, answer.json()["status"]), (200, "healthy"))

    def test_live_and_ready_answer_200(self):
        for path in ("/health/live", "/health/ready"):
            self.assertEqual(self.server.call("GET", path).status, 200)

    def test_head_answers_as_get_without_a_body(self):
        for path in ("/", "/health", "/docs", API + "/openapi.json"):
            got, head = (self.server.call(m, path) for m in ("GET", "HEAD"))
            self.assertEqual((head.status, head.body), (200, b""))
            self.assertEqual(head.headers.get("content-length"), got.headers.get("content-length"), path)

    def test_metrics_are_openmetrics_with_closed_labels(self):
        answer = self.server.call("GET", "/metrics")
        self.assertEqual(answer.headers["content-type"],
                         "application/openmetrics-text; version=1.0.0; charset=utf-8")
        text = answer.body.decode()
        self.assertTrue(text.endswith("# EOF\n"))
        families = set(re.findall(r"^# TYPE (\S+) \w+$", text, re.M))
        promised = set(re.findall(r"^\| (canara_\w+) \|", (ROOT / "docs" / "metrics.md").read_text(), re.M))
        missing = {p for p in promised if re.sub(r"_(total|info)$", "", p) not in families and p not in families}
        self.assertEqual(missing, set())
        for line in text.splitlines():
            if not line.startswith("#"):
                self.assertRegex(line, r'^canara_\w+(\{(\w+="[^"\\]*",?)+\})? [0-9.eE+-]+( .*)?$')
        self.assertNotIn("@", text)

    def test_metrics_count_a_request(self):
        def count():
            text = self.server.call("GET", "/metrics").body.decode()
            found = re.search(r'^canara_http_requests_total\{route="/health",status="200"\} (\d+)', text, re.M)
            return int(found.group(1)) if found else 0
        before = count()
        for _ in range(3):
            self.server.call("GET", "/health")
        self.assertGreaterEqual(count(), before + 3)

    def test_the_documents_are_the_ones_of_the_tree(self):
        for name in ("openapi.json", "asyncapi.json"):
            answer = self.server.call("GET", f"{API}/{name}")
            self.assertEqual(answer.headers["content-type"], "application/json")
            self.assertEqual(answer.json(), json.loads((ROOT / "docs" / "api" / name).read_text()))

    def test_a_client_that_takes_gzip_gets_the_same_document_smaller(self):
        plain = self.server.call("GET", API + "/openapi.json", headers={"Accept-Encoding": "identity"})
        small = self.server.call("GET", API + "/openapi.json", headers={"Accept-Encoding": "gzip"})
        self.assertEqual(small.headers.get("content-encoding"), "gzip")
        self.assertIn("accept-encoding", small.headers.get("vary", "").lower())
        self.assertNotIn("content-encoding", plain.headers)
        self.assertEqual(gzip.decompress(small.body), plain.body)
        self.assertLess(len(small.body) * 3, len(plain.body))

    def test_the_docs_page_needs_nothing_from_elsewhere_and_no_inline_script(self):
        page = self.server.call("GET", "/docs")
        self.assertEqual(page.headers["content-type"], "text/html; charset=utf-8")
        policy = page.headers["content-security-policy"]
        self.assertIn("default-src 'none'", policy)
        self.assertNotIn("unsafe", policy)
        html = page.body.decode()
        self.assertNotRegex(html, r"https?://")
        self.assertNotRegex(html, r"<script(?![^>]*src=)|<style|\son\w+=")
        for path in re.findall(r'(?:src|href)="(/[^"]+)"', html):
            answer = self.server.call("GET", path)
            self.assertEqual(answer.status, 200, path)

    def test_an_unchanged_document_is_answered_304(self):
        first = self.server.call("GET", "/docs")
        again = self.server.call("GET", "/docs", headers={"If-None-Match": first.headers["etag"]})
        self.assertEqual((again.status, again.body), (304, b""))

    def test_there_is_no_admin_interface(self):
        for path in ("/admin", API + "/admin", API + "/admin/sessions"):
            self.refused(self.server.call("GET", path), 404, "not-found")


class Unread(unittest.TestCase):
    """Whoever started the server has stopped reading what it says."""

    def test_a_full_pipe_at_stderr_stops_nobody(self):
        server = Server(start=False, LOG_LEVEL="debug", LOG_FORMAT="json")
        ours, theirs = os.pipe()
        fcntl.fcntl(theirs, fcntl.F_SETPIPE_SZ, 4096)
        try:
            server.data.mkdir(mode=0o700)
            with open(server.log, "ab") as log:
                server.process = subprocess.Popen(server.command(), cwd=server.dir, stdin=subprocess.DEVNULL,
                                                  stdout=log, stderr=theirs)
            os.close(theirs)
            deadline, said = time.monotonic() + 20, None
            while said is None and time.monotonic() < deadline:
                time.sleep(0.02)
                said = re.search(r"listening on https?://[^\s\"]*?:(\d+)", server.log_text())
            self.assertIsNotNone(said, "it waits for somebody to read")
            server.port = int(said.group(1))
            for _ in range(100):  # a line each, and the pipe holds a dozen
                self.assertEqual(server.call("GET", "/health").status, 200)
            page = server.call("GET", "/metrics").body.decode()
            self.assertGreater(int(re.search(r"^canara_log_dropped_total (\d+)$", page, re.M).group(1)), 50)
            self.assertEqual(server.stop(), 0)
        finally:
            server.remove()
            os.close(ours)


class Headers(Case):
    def test_a_fitting_request_id_comes_back(self):
        for mine in ("a", "A-Z_09", "x" * 64):
            answer = self.server.call("GET", "/health", headers={"X-Request-Id": mine})
            self.assertEqual(answer.headers["x-request-id"], mine)

    def test_an_unfitting_request_id_is_replaced(self):
        for mine in ("", "x" * 65, "a b", "a\"b", "ü", "{}", "a;b"):
            answer = self.server.call("GET", "/health", headers={"X-Request-Id": mine.encode("latin-1")})
            self.assertNotEqual(answer.headers["x-request-id"], mine)

    def test_request_ids_differ(self):
        ids = {self.server.call("GET", "/health").headers["x-request-id"] for _ in range(20)}
        self.assertEqual(len(ids), 20)

    def test_a_problem_names_the_request_id_of_its_header(self):
        answer = self.server.call("GET", "/nowhere", headers={"X-Request-Id": "mine-7"})
        self.assertEqual(answer.json()["request_id"], "mine-7")

    def test_the_instance_has_no_query_string(self):
        answer = self.server.call("GET", "/nowhere?token=secret")
        self.assertEqual(answer.json()["instance"], "/nowhere")
        self.assertNotIn(b"secret", answer.body)

    def test_security_headers_are_on_every_kind_of_answer(self):
        for method, path in (("GET", "/"), ("GET", "/nowhere"), ("GET", API + "/auth/session-status"), ("PUT", "/health"),
                             ("POST", API + "/auth/login"), ("GET", "/docs")):
            answer = self.server.call(method, path)
            for name, value in SECURITY.items():
                self.assertEqual(answer.headers.get(name), value, (method, path))

    def test_plain_http_promises_no_strict_transport(self):
        self.assertNotIn("strict-transport-security", self.server.call("GET", "/").headers)

    def test_the_server_does_not_tell_its_version(self):
        self.assertNotRegex(self.server.call("GET", "/health").headers.get("server", ""), r"\d")

    def test_trace_context_is_taken_up(self):
        trace = "4bf92f3577b34da6a3ce929d0e0e4736"
        answer = self.server.call("GET", "/health", headers={"traceparent": f"00-{trace}-00f067aa0ba902b7-01"})
        self.assertRegex(answer.headers["traceparent"], rf"^00-{trace}-[0-9a-f]{{16}}-01$")
        self.assertNotIn("00f067aa0ba902b7", answer.headers["traceparent"])

    def test_a_broken_trace_context_is_not_taken_up(self):
        trace = "4bf92f3577b34da6a3ce929d0e0e4736"
        for sent in ("00-" + "0" * 32 + "-00f067aa0ba902b7-01", f"ff-{trace}-00f067aa0ba902b7-01", "x",
                     f"00-{trace.upper()}-00f067aa0ba902b7-01", f"00-{trace}-0000000000000000-01"):
            got = self.server.call("GET", "/health", headers={"traceparent": sent}).headers.get("traceparent", "")
            self.assertNotIn(trace, got.lower(), sent)

    def test_connections_are_kept_for_further_requests(self):
        link = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=10)
        for _ in range(5):
            link.request("GET", "/health")
            got = link.getresponse()
            self.assertEqual(got.status, 200)
            got.read()
            self.assertIsNotNone(link.sock)
        link.close()


class Cors(Case):
    GOOD = "http://localhost:3000"

    def test_a_configured_origin_is_named(self):
        for origin in (self.GOOD, "http://localhost:8080"):
            answer = self.server.call("GET", "/health", headers={"Origin": origin})
            self.assertEqual(answer.headers.get("access-control-allow-origin"), origin)
            self.assertIn("origin", answer.headers.get("vary", "").lower())

    def test_another_origin_is_not_named(self):
        for origin in ("http://localhost:3001", "https://localhost:3000", "http://localhost", "null", "http://evil.example",
                       "http://localhost:3000.evil.example", "http://LOCALHOST:3000/"):
            answer = self.server.call("GET", "/health", headers={"Origin": origin})
            self.assertNotIn("access-control-allow-origin", answer.headers, origin)

    def test_a_preflight_is_answered_and_may_be_kept_600_seconds(self):
        answer = self.server.call("OPTIONS", API + "/auth/login",
                                  headers={"Origin": self.GOOD, "Access-Control-Request-Method": "POST",
                                           "Access-Control-Request-Headers": "content-type, authorization, x-device-id"})
        self.assertEqual(answer.status, 204)
        self.assertEqual(answer.headers["access-control-allow-origin"], self.GOOD)
        self.assertEqual(answer.headers["access-control-max-age"], "600")
        self.assertIn("POST", answer.headers["access-control-allow-methods"])
        allowed = answer.headers["access-control-allow-headers"].lower()
        for name in ("authorization", "content-type", "x-device-id", "x-request-id"):
            self.assertIn(name, allowed)
        self.assertNotEqual(answer.headers.get("access-control-allow-credentials"), "true")

    def test_a_preflight_from_elsewhere_allows_nothing(self):
        answer = self.server.call("OPTIONS", API + "/auth/login",
                                  headers={"Origin": "http://evil.example", "Access-Control-Request-Method": "POST"})
        for name in answer.headers:
            self.assertFalse(name.startswith("access-control-"), name)

    def test_options_of_a_known_path_lists_its_methods(self):
        answer = self.server.call("OPTIONS", API + "/auth/session-status")
        self.assertEqual(answer.status, 204)
        self.assertEqual({m.strip() for m in answer.headers["allow"].split(",")}, {"GET", "HEAD", "OPTIONS"})

    def test_a_browser_script_may_read_our_headers(self):
        answer = self.server.call("GET", API + "/auth/session-status", headers={"Origin": self.GOOD})
        exposed = answer.headers.get("access-control-expose-headers", "").lower()
        for name in ("x-request-id", "retry-after", "www-authenticate"):
            self.assertIn(name, exposed)

    def test_origins_can_be_configured(self):
        server = self.own(BACKEND_CORS_ORIGINS="https://bank.example", PUBLIC_ORIGIN="https://canara.example")
        for origin, named in (("https://bank.example", True), ("https://canara.example", True), (self.GOOD, False)):
            answer = server.call("GET", "/health", headers={"Origin": origin})
            self.assertEqual("access-control-allow-origin" in answer.headers, named, origin)


if __name__ == "__main__":
    unittest.main()
