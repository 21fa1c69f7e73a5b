"""A small JSON Schema validator and the two API documents that live answers are held to."""
import json
import pathlib
import re

DOCS = pathlib.Path(__file__).resolve().parents[2] / "docs" / "api"
TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}


def is_type(value, name):
    if name == "number":
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    if name == "integer":
        return is_type(value, "number") and value == int(value)
    return isinstance(value, TYPES[name])


class Validator:
    """Checks values against schemas of one document; a fault is a line of text."""

    def __init__(self, document):
        self.document = document

    def resolve(self, node):
        while "$ref" in node:
            target = self.document
            for part in node["$ref"].removeprefix("#/").split("/"):
                target = target[part.replace("~1", "/").replace("~0", "~")]
            node = target
        return node

    def faults(self, value, node, at="$"):
        node = self.resolve(node)
        out = []
        if "type" in node:
            names = node["type"] if isinstance(node["type"], list) else [node["type"]]
            if not any(is_type(value, n) for n in names):
                return [f"{at}: {value!r} is not {node['type']}"]
        if "enum" in node and value not in node["enum"]:
            out.append(f"{at}: {value!r} is none of {node['enum']}")
        if "const" in node and (value != node["const"] or isinstance(value, bool) != isinstance(node["const"], bool)):
            out.append(f"{at}: {value!r} is not {node['const']!r}")
        for method in (self.object_faults, self.array_faults, self.scalar_faults, self.logic_faults):
            out += method(value, node, at)
        return out

    def object_faults(self, value, node, at):
        if not isinstance(value, dict):
            return []
        out = [f"{at}.{name} is missing" for name in node.get("required", []) if name not in value]
        known = node.get("properties", {})
        rest = node.get("additionalProperties", True)
        for name, item in value.items():
            if name in known:
                out += self.faults(item, known[name], f"{at}.{name}")
            elif rest is False:
                out.append(f"{at}.{name} is not documented")
            elif isinstance(rest, dict):
                out += self.faults(item, rest, f"{at}.{name}")
        return out

    def array_faults(self, value, node, at):
        if not isinstance(value, list):
            return []
        out = []
        if not node.get("minItems", 0) <= len(value) <= node.get("maxItems", len(value)):
            out.append(f"{at} has {len(value)} items")
        first = node.get("prefixItems", [])
        for i, item in enumerate(value):
            rule = first[i] if i < len(first) else node.get("items", {})
            out += self.faults(item, rule, f"{at}[{i}]")
        return out

    @staticmethod
    def scalar_faults(value, node, at):
        out = []
        if isinstance(value, str):
            if not node.get("minLength", 0) <= len(value) <= node.get("maxLength", len(value)):
                out.append(f"{at}: {len(value)} characters")
            if "pattern" in node and not re.search(node["pattern"], value):
                out.append(f"{at}: {value!r} does not match {node['pattern']}")
        elif is_type(value, "number"):
            if not node.get("minimum", value) <= value <= node.get("maximum", value):
                out.append(f"{at}: {value} is out of range")
        return out

    def logic_faults(self, value, node, at):
        out = []
        for rule in node.get("allOf", []):
            out += self.faults(value, rule, at)
        if "anyOf" in node and all(self.faults(value, rule, at) for rule in node["anyOf"]):
            out.append(f"{at}: fits none of anyOf")
        if "oneOf" in node and sum(not self.faults(value, rule, at) for rule in node["oneOf"]) != 1:
            out.append(f"{at}: fits not exactly one of oneOf")
        if "not" in node and not self.faults(value, node["not"], at):
            out.append(f"{at}: fits what it must not")
        return out


class Documents:
    """openapi.json and asyncapi.json, and what of them has been seen alive."""

    def __init__(self):
        self.openapi = json.loads((DOCS / "openapi.json").read_text())
        self.asyncapi = json.loads((DOCS / "asyncapi.json").read_text())
        self.rest = Validator(self.openapi)
        self.socket = Validator(self.asyncapi)
        self.seen = set()  # (operationId, status)
        self.messages = set()
        self.paths = [(re.compile("^" + re.sub(r"\{\w+\}", "[^/]+", re.escape(p).replace(r"\{", "{").replace(
            r"\}", "}")) + "$"), item) for p, item in self.openapi["paths"].items()]

    def operation(self, method, path):
        path = path.split("?")[0]
        exact = self.openapi["paths"].get(path)
        items = [exact] if exact else [item for pattern, item in self.paths if pattern.match(path)]
        return items[0].get(method.lower()) if items else None

    def check_answer(self, answer):
        """The status, headers and body of an answer of a documented route are as documented."""
        at = f"{answer.method} {answer.path} -> {answer.status}"
        operation = self.operation(answer.method, answer.path)
        if operation is None:
            return
        responses = operation["responses"]
        # These belong to HTTP itself and can happen anywhere, documented or not.
        if str(answer.status) not in responses and answer.status in (304, 405, 408, 413, 414, 415, 417, 431):
            return
        if str(answer.status) not in responses:
            raise AssertionError(f"{at} is not documented for {operation['operationId']}: {answer.body[:300]!r}")
        response = self.rest.resolve(responses[str(answer.status)])
        self.seen.add((operation["operationId"], answer.status))
        for name, header in response.get("headers", {}).items():
            header = self.rest.resolve(header)
            value = answer.headers.get(name.lower())
            if value is None:
                assert not header.get("required"), f"{at}: header {name} is missing"
                continue
            if header.get("schema", {}).get("type") == "integer":
                value = int(value)
            faults = self.rest.faults(value, header.get("schema", {}), name)
            assert not faults, f"{at}: {faults}"
        content = response.get("content")
        if not content:
            assert not answer.body, f"{at} has a body: {answer.body[:200]!r}"
            return
        (media, rule), = content.items()
        assert answer.headers.get("content-type") == media, f"{at}: {answer.headers.get('content-type')} is not {media}"
        if "json" in media:
            faults = self.rest.faults(answer.json(), rule["schema"])
            assert not faults, f"{at}: {faults}\n{answer.body[:1000]!r}"

    def check_message(self, message):
        """A message of the server is one of those documented, member by member."""
        kind = message.get("type")
        known = self.asyncapi["components"]["messages"].get(kind)
        assert known, f"message type {kind!r} is not documented: {message}"
        faults = self.socket.faults(message, known["payload"])
        assert not faults, f"{faults} in {message}"
        self.messages.add(kind)


loaded = []


def documents():
    if not loaded:
        loaded.append(Documents())
    return loaded[0]
