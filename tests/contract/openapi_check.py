"""Drives every documented operation and message and holds the live answers to the two documents.

Support checks each answer of every other test against openapi.json too; this one is complete by
itself: it fails when an operation or a message of the documents was never seen alive.
"""
import re
import unittest

import schema
from sockets import Socket
from support import API, PROBLEMS, ROOT, Case, event


class Documents(Case):
    def test_every_documented_operation_answers_as_documented(self):
        user = self.user()
        other = user.again()
        fresh = self.server.post("/auth/refresh", {"refresh_token": other.refresh_token}).json()
        other.take(fresh)
        user.events([event(), event("rapid_clicks", clicks_per_second=14)])
        for call in (lambda: user.verify(), lambda: user.challenge(), lambda: user.status(), lambda: user.get("/auth/sessions"), lambda: user.summary(),
                     lambda: user.rehearse(), lambda: user.rehearse(0.2), lambda: user.post("/ws/ticket"),
                     lambda: user.post("/risk/evaluate", {"action": "transfer", "amount": 5}),
                     lambda: self.server.delete(f"/auth/sessions/{other.session_id}", user.token),
                     lambda: user.post("/auth/change-password", {"password": user.password, "new_password": "plover-granite-77"}),
                     lambda: user.post("/auth/change-mpin", {"mpin": "1234", "new_mpin": "8305"}), lambda: user.post("/auth/logout")):
            call()
        for path in schema.documents().openapi["paths"]:
            if "{" not in path and "get" in schema.documents().openapi["paths"][path]:
                self.server.call("GET", path)
        good = {200, 204}
        never = set()
        for path, item in schema.documents().openapi["paths"].items():
            for method, operation in item.items():
                if "101" not in operation["responses"] and not any((operation["operationId"], s) in schema.documents().seen for s in good):
                    never.add(f"{method} {path}")
        self.assertEqual(never, set())

    def test_every_message_of_the_server_is_seen_as_documented(self):
        user = self.user()
        link = Socket(user)
        link.ask(event())
        link.ask_text("x")
        user.rehearse(0.5)
        link.receive_type("risk_update")
        user.rehearse(0.75)
        link.receive_type("mpin_required")
        user.rehearse(0.95)
        link.receive_type("session_blocked")
        link.closed()
        documents = schema.documents()
        told = {m["$ref"].rsplit("/", 1)[1] for m in documents.asyncapi["operations"]["sendBehavior"]["messages"]}
        self.assertEqual(told - documents.messages, set())

    def test_every_undocumented_path_under_the_prefix_is_404(self):
        for path in ("/auth", "/ws", "/risk", "/auth/me", "/ws/behavior", "/risk/rules"):
            self.refused(self.server.call("GET", API + path), 404, "not-found")


class Consistency(unittest.TestCase):
    """The documents among themselves; needs no server."""

    def test_every_reference_leads_somewhere(self):
        for validator in (schema.documents().rest, schema.documents().socket):
            for target in set(re.findall(r"'\$ref': '([^']+)'", str(validator.document))):
                validator.resolve({"$ref": target})

    def test_every_example_fits_its_schema(self):
        documents = schema.documents()
        for name, message in documents.asyncapi["components"]["messages"].items():
            for example in message["examples"]:
                self.assertEqual(documents.socket.faults(example["payload"], message["payload"]), [], name)

        def walk(node):
            if isinstance(node, dict):
                if "schema" in node and "example" in node:
                    self.assertEqual(documents.rest.faults(node["example"], node["schema"]), [])
                if "schema" in node and isinstance(node.get("examples"), dict):
                    for name, example in node["examples"].items():
                        self.assertEqual(documents.rest.faults(example["value"], node["schema"]), [], name)
                for item in node.values():
                    walk(item)
            elif isinstance(node, list):
                for item in node:
                    walk(item)
        walk(documents.openapi)

    def test_the_problem_types_are_those_of_the_text(self):
        listed = {t.rsplit(":", 1)[1] for t in schema.documents().openapi["components"]["schemas"]["Problem"]["properties"]["type"]["enum"]}
        self.assertEqual(listed, set(PROBLEMS))

    def test_operation_ids_are_unique_and_every_operation_is_described(self):
        ids = []
        for path, item in schema.documents().openapi["paths"].items():
            for operation in item.values():
                ids.append(operation["operationId"])
                self.assertTrue(operation["summary"] and operation["tags"], path)
                for number, response in operation["responses"].items():
                    response = schema.documents().rest.resolve(response)
                    self.assertTrue(response["description"], (path, number))
                    self.assertIn("X-Request-Id", response["headers"], (path, number))
        self.assertEqual(len(ids), len(set(ids)))

    def test_the_dashboard_shows_every_documented_metric_and_no_other(self):
        listed = set(re.findall(r"^\| (canara_\w+) \|", (ROOT / "docs" / "metrics.md").read_text(), re.M))
        shown = {re.sub("_bucket$", "", m) for m in re.findall(r"canara_\w+", (ROOT / "docs" / "grafana" / "canara.json").read_text())}
        self.assertEqual(shown, listed)

    def test_the_validator_finds_what_it_should(self):
        check = schema.Validator({"$defs": {"n": {"type": "integer", "minimum": 1}}}).faults
        good = [(1, {"$ref": "#/$defs/n"}), ("a", {"enum": ["a"]}), (None, {"type": ["null", "string"]}), ([1, "x"], {"prefixItems": [{"type": "integer"}], "items": {"type": "string"}}),
                ({"a": 1}, {"properties": {"a": {"const": 1}}, "required": ["a"], "additionalProperties": False}), (2.0, {"type": "integer"})]
        bad = [(0, {"$ref": "#/$defs/n"}), (True, {"type": "integer"}), (True, {"const": 1}), ("b", {"enum": ["a"]}), ({"b": 1}, {"required": ["a"]}),
               ({"b": 1}, {"additionalProperties": False}), ([1], {"items": {"type": "string"}}), ("ab", {"pattern": "^b"}), ([], {"minItems": 1}), (5, {"maximum": 4}),
               (1, {"anyOf": [{"type": "string"}]}), (1, {"oneOf": [{"minimum": 0}, {"maximum": 2}]}), (1, {"not": {"const": 1}}), (1, {"allOf": [{"minimum": 2}]})]
        for value, rule in good:
            self.assertEqual(check(value, rule), [], (value, rule))
        for value, rule in bad:
            self.assertNotEqual(check(value, rule), [], (value, rule))


if __name__ == "__main__":
    unittest.main()
