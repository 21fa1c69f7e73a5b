"""Events: every field and range of the contract, server facts, buffer files, and the REST way in."""
import json
import os
import stat
import unittest

from sockets import Socket
from support import TIME, Case, User, event, keys

# type -> field -> (values that are taken, values that are refused)
FIELDS = {
    "typing_pattern": {"words_per_minute": ([0, 65, 10000, 0.5], [-1, 10001, "65", True, [], None]),
                       "key_press_intervals": ([[], [0, 600], [0.1] * 4096], [[-0.1], [600.1], ["x"], [0.1] * 4097, 5, "x", {}]),
                       "backspace_frequency": ([0, 1, 0.02], [-0.01, 1.01, "0"])},
    "navigation_pattern": {"page_switches_per_minute": ([0, 10000], [-1, 10000.5, "4"]),
                           "current_page": (["", "transfer", "x" * 128], ["x" * 129, 5, []]), "time_on_page": ([0, 86400], [-1, 86401, "x"])},
    "mouse_movement": {"movement_speed": ([0, 1e6], [-1, 1000001, "x"]), "click_pattern": (["normal", "x" * 64], ["x" * 65, 1]),
                       "idle_time": ([0, 86400], [-0.5, 86400.5, []])},
    "rapid_clicks": {"clicks_per_second": ([0, 12, 10000], [-1, 10001, "12"]), "pattern": (["automated", "x" * 64], ["x" * 65, {}])},
    "transaction_attempt": {"amount": ([0, 1e15, "2500.00", "0", 12.5], [-1, 1.1e15, "x", "-5", "1e3", "", [], True]), "currency": (["INR"], [5, []])},
    "large_transaction": {"amount": ([1, "999999.99"], [-0.01, "1,000", {}])},
    "scroll": {"pixels": ([0, 100, -100.5], ["x", []]), "velocity": ([0, 3.5], ["x"])},
    "device_context": {"model": (["Pixel 8"], [5]), "os": (["android 15"], [[]]), "timezone": (["Asia/Kolkata"], [1]), "rooted": ([True, False], [1, "no"]),
                       "emulator": ([False], [0]), "remote_control": ([True], ["true"]), "vpn": ([False], [{}])},
    "lifecycle": {"state": (["background"], [1])},
    "pointer": {"points": ([[[0, 1, 2, 0]], [[0, 1, 2, 31], [5, 1.5, 2.5, 0]], [[i, i, i, 0] for i in range(2048)]],
                           [[], [[0, 1, 2]], [[0, 1, 2, 32]], [[0, 1, 2, -1]], [[0, 1, 2, 0, 0]], [["0", 1, 2, 0]], 5, [5]])},
    "touch": {"points": ([[[0, 1, 2, 50, 10, 0]], [[0, 1, 2, 0, 0, 0], [5, 1, 2, 100, 1000, 2]]],
                         [[], [[0, 1, 2, 50, 10]], [[0, 1, 2, 101, 10, 0]], [[0, 1, 2, 50, 1001, 0]], [[0, 1, 2, 50, 10, 3]], [[0, 1, 2, -1, 0, 0]]])},
}
KEY = {"down": 0, "up": 90, "class": "letter"}


def key_faults():
    """(change to one key, taken?)"""
    for name, low, high in (("pressure", 0, 100), ("size", 0, 100), ("x", -10, 10), ("y", -10, 10), ("ax", -200, 200), ("ay", -200, 200),
                            ("az", -200, 200), ("rx", -100, 100), ("ry", -100, 100), ("rz", -100, 100)):
        yield {name: low}, True
        yield {name: high}, True
        yield {name: low - 0.5}, False
        yield {name: high + 0.5}, False
        yield {name: "1"}, False
    for zone in ("l1", "l2", "l3", "r1", "r2", "r3"):
        yield {"zone": zone}, True
    for klass in ("letter", "digit", "space", "delete", "enter", "punct", "modifier", "other"):
        yield {"class": klass}, True
    for change in ({"zone": "l4"}, {"zone": 1}, {"class": "a"}, {"class": "Letter"}, {"class": None}, {"down": -1}, {"up": -1}, {"down": 100}, {"up": 600001},
                   {"down": "0"}, {"up": None}):
        yield change, False


class Ranges(Case):
    # The extremes of the ranges are suspicious; here only their form is asked about.
    settings = {"MONITOR_THRESHOLD": "1", "SUSPICIOUS_THRESHOLD": "1", "HIGH_RISK_THRESHOLD": "1"}

    def ask(self, link, kind, data):
        return link.ask({"event_type": kind, "data": data})

    def test_every_field_takes_its_range_and_refuses_the_rest(self):
        for kind, fields in FIELDS.items():
            with Socket(self.user()) as link:
                for field, (good, bad) in fields.items():
                    for value in good:
                        said = self.ask(link, kind, {field: value})
                        self.assertEqual(said["type"], "data_received", (kind, field, str(value)[:80], said))
                    for value in bad:
                        said = self.ask(link, kind, {field: value})
                        self.assertEqual(said["type"], "error", (kind, field, str(value)[:80]))
                        if not (isinstance(value, list) and len(value) > 4096):  # beyond the structure's own limits
                            self.assertIn(field, said.get("field", ""), (kind, field, str(value)[:80]))
                        self.ask(link, "scroll", {})

    def test_keys_take_their_ranges_and_refuse_the_rest(self):
        with Socket(self.user()) as link:
            for change, good in key_faults():
                said = self.ask(link, "keystrokes", {"field": "note", "keys": [{**KEY, **change}]})
                self.assertEqual(said["type"], "data_received" if good else "error", (change, said))
                self.ask(link, "scroll", {})
            for name in KEY:
                key = {k: v for k, v in KEY.items() if k != name}
                self.assertEqual(self.ask(link, "keystrokes", {"field": "note", "keys": [key]})["type"], "error", name)
                self.ask(link, "scroll", {})

    def test_keystrokes_have_1_to_512_keys_in_order(self):
        with Socket(self.user()) as link:
            for data, good in (({"field": "note", "keys": keys(1)}, True), ({"field": "a-b_9", "keys": keys(512, gap=200)}, True),
                               ({"field": "note", "keys": []}, False), ({"field": "note", "keys": keys(513, gap=200)}, False), ({"keys": keys(3)}, True),
                               ({"field": "note"}, True), ({"field": "Note", "keys": keys(3)}, False), ({"field": "n" * 65, "keys": keys(3)}, False),
                               ({"field": "note", "keys": keys(3)[::-1]}, False), ({"field": "note", "keys": keys(2) + [5]}, False)):
                said = self.ask(link, "keystrokes", data)
                self.assertEqual(said["type"], "data_received" if good else "error", (str(data)[:90], said))

    def test_secret_fields_take_only_the_class_other(self):
        with Socket(self.user()) as link:
            for field in ("password", "mpin"):
                said = self.ask(link, "keystrokes", {"field": field, "keys": keys(4, klass="other")})
                self.assertEqual(said["type"], "data_received", said)
                for klass in ("letter", "digit", "punct"):
                    said = self.ask(link, "keystrokes", {"field": field, "keys": keys(4, klass=klass)})
                    self.assertEqual(said["type"], "error", (field, klass))

    def test_motion_takes_mean_and_deviation(self):
        with Socket(self.user()) as link:
            data = {k: {"mean": 0.1, "sd": 0.02} for k in ("ax", "ay", "az", "rx", "ry", "rz")}
            self.assertEqual(self.ask(link, "motion", data)["type"], "data_received")
            self.assertEqual(self.ask(link, "motion", {"ax": "x"})["type"], "error")

    def test_free_types_take_anything(self):
        with Socket(self.user()) as link:
            for kind in ("copy_paste_behavior", "unusual_navigation", "new_beneficiary", "off_hours_activity", "multiple_login_attempts", "idle_timeout",
                         "normal_typing"):
                self.assertEqual(self.ask(link, kind, {"any": [1, {"thing": None}]})["type"], "data_received", kind)

    def test_unknown_fields_are_kept_and_unknown_types_counted(self):
        user = self.user()
        data = {"words_per_minute": 60, "timestamp": "2025-06-24T10:30:00.123456", "own": {"deep": [1, 2.50, "é", None, True]}}
        with Socket(user) as link:
            self.ask(link, "typing_pattern", data)
            self.ask(link, "my_own_type_9", {"a": 1})
            said = user.summary()
        self.assertEqual(said["event_breakdown"], {"typing_pattern": 1, "my_own_type_9": 1})
        lines = self.server.buffer(user, 2)
        self.assertEqual([line["data"] for line in lines], [data, {"a": 1}])

    def test_structure_has_limits(self):
        deep = 1
        for _ in range(8):
            deep = [deep]
        with Socket(self.user()) as link:
            for data, good in (({"s": "x" * 1024}, True), ({"s": "x" * 1025}, False), ({"a": [0] * 4096}, True), ({"a": [0] * 4097}, False), ({"d": deep}, False),
                               ({"d": [[[[1]]]]}, True)):
                said = self.ask(link, "own", data)
                self.assertEqual(said["type"], "data_received" if good else "error", str(data)[:60])
                self.ask(link, "scroll", {})

    def test_event_types_are_1_to_64_of_a_small_alphabet(self):
        with Socket(self.user()) as link:
            for kind, good in (("a", True), ("a" * 64, True), ("a_9", True), ("", False), ("a" * 65, False), ("A", False), ("a-b", False), ("é", False), ("a b", False),
                               (5, False), (None, False), ([], False)):
                said = self.ask(link, kind, {})
                self.assertEqual(said["type"], "data_received" if good else "error", kind)
                self.ask(link, "scroll", {})

    def test_data_must_be_an_object_and_timestamp_a_string(self):
        with Socket(self.user()) as link:
            for message in ({"event_type": "scroll"}, {"event_type": "scroll", "data": []}, {"event_type": "scroll", "data": "x"}, {"event_type": "scroll", "data": None},
                            {"event_type": "scroll", "data": {}, "timestamp": 5}, 5, "x", None, [5], [[]]):
                said = link.ask(message)
                self.assertEqual(said["type"], "error", message)
                self.ask(link, "scroll", {})

    def test_server_facts_cannot_be_asserted(self):
        user = self.user()
        with Socket(user) as link:
            for kind in ("mpin_verified", "mpin_failed", "mpin_challenge_passed", "risk_score_update", "ml_analysis_result", "session_blocked", "session_x", "device_new",
                         "policy_challenge", "external_fact", "features"):
                self.assertEqual(self.ask(link, kind, {})["type"], "error", kind)
                self.ask(link, "scroll", {})
        self.assertEqual(set(user.summary()["event_breakdown"]), {"scroll"})


class Rest(Case):
    def test_events_are_accepted_without_a_socket(self):
        user = self.user()
        said = user.events([event(), event("scroll", pixels=4)]).json()
        self.assertEqual((said["accepted"], said["risk_level"], said["mpin_required"]), (2, "normal", False))
        self.assertEqual(user.summary()["total_events"], 2)

    def test_all_or_nothing(self):
        user = self.user()
        answer = self.refused(user.events([event(), {"event_type": "rapid_clicks", "data": {"clicks_per_second": -1}}]), 422, "invalid-request")
        self.assertIn("clicks_per_second", answer.errors[0][0])
        self.assertTrue(answer.errors[0][0].startswith("[1]"), answer.errors)
        self.assertEqual(user.summary()["total_events"], 0)

    def test_an_event_without_a_type_has_the_seeds_text(self):
        answer = self.refused(self.user().events([{"data": {}}]), 422, "invalid-request")
        self.assertEqual(answer.errors[0][1], "Missing event_type in behavioral data")

    def test_256_events_are_taken_and_257_are_not(self):
        user = self.user()
        self.assertEqual(user.events([event("scroll", pixels=1)] * 256).json()["accepted"], 256)
        self.refused(user.events([event("scroll", pixels=1)] * 257), 422, "invalid-request")

    def test_wrong_shapes_are_refused(self):
        user = self.user()
        for body in ([], {}, 5, "x", [5]):
            self.refused(user.events(body), 422, "invalid-request")
        answer = user.post(f"/ws/sessions/{user.session_id}/events", raw=b"[{]")
        self.refused(answer, 400, "invalid-json", "Invalid JSON format")

    def test_refused_events_count_as_bytes_do(self):
        user = User(self.own(EVENTS_PER_SECOND="200"))
        big = [{**event("zzz", **{f"k{i}": "x" * 1000 for i in range(58)}), "seq": -1}]
        answers = [user.events(big) for _ in range(20)]
        self.refused(answers[0], 422, "invalid-request")
        late = [a for a in answers if a.status != 422]
        self.assertGreaterEqual(len(late), 5)
        for answer in late:
            self.refused(answer, 429, "too-many-requests")
            self.assertEqual(answer.headers["retry-after"], "1")

    def test_repeated_seqs_are_accepted_and_not_stored(self):
        user = self.user()
        batch = [{**event("scroll", pixels=i), "seq": i} for i in range(1, 4)]
        for _ in range(2):
            self.assertEqual(user.events(batch).json()["accepted"], 3)
        self.assertEqual(user.summary()["total_events"], 3)


class Buffers(Case):
    def test_the_file_holds_every_event_in_order_in_the_seeds_form(self):
        user = self.user()
        with Socket(user) as link:
            for i in range(100):
                link.send([event("scroll", pixels=2 * i), event("scroll", pixels=2 * i + 1)])
            for _ in range(100):
                link.receive_type("data_received")
        user.summary()
        lines = self.server.buffer(user, 200)
        self.assertEqual([line["data"]["pixels"] for line in lines], list(range(200)))
        for line in lines:
            self.assertEqual(set(line), {"timestamp", "event_type", "data", "session_id", "user_email"})
            self.assertRegex(line["timestamp"], TIME)
            self.assertEqual((line["session_id"], line["user_email"]), (user.session_id, user.email))
        self.assertEqual([line["timestamp"] for line in lines], sorted(line["timestamp"] for line in lines))

    def test_the_members_stand_in_the_seeds_order_and_the_file_is_private(self):
        user = self.user()
        user.events([event()])
        user.summary()
        self.server.buffer(user, 1)
        path = self.server.buffer_path(user.session_id)
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        first = path.read_text().splitlines()[0]
        self.assertEqual(list(json.loads(first)), ["timestamp", "event_type", "data", "session_id", "user_email"])

    def test_keystrokes_of_secret_fields_show_only_a_count(self):
        user = self.user()
        with Socket(user) as link:
            link.ask({"event_type": "keystrokes", "data": {"field": "password", "keys": keys(9, klass="other")}})
            link.ask({"event_type": "keystrokes", "data": {"field": "note", "keys": keys(3)}})
        user.summary()
        lines = self.server.buffer(user, 2)
        self.assertEqual(lines[0]["data"], {"field": "password", "keys": 9})
        self.assertEqual(lines[1]["data"]["keys"], keys(3))

    def test_the_summary_reads_the_newest_and_counts_all(self):
        server = self.own(BEHAVIOR_BUFFER_SIZE="10")
        user = self.user(server)
        user.events([event("scroll", pixels=1)] * 20 + [event("lifecycle", state="x")] * 4)
        said = user.summary()
        self.assertEqual((said["total_events"], said["event_breakdown"]), (24, {"scroll": 6, "lifecycle": 4}))

    def test_a_client_time_is_kept_and_never_the_lines_time(self):
        user = self.user()
        user.events([{**event("scroll", pixels=1), "timestamp": "1999-01-01T00:00:00Z"}])
        user.summary()
        self.assertFalse(self.server.buffer(user, 1)[0]["timestamp"].startswith("1999"))


if __name__ == "__main__":
    unittest.main()
