"""The socket: who may open it, what is said on it, and how it closes."""
import json
import time
import unittest
import uuid

import websockets

from sockets import RawSocket, Refused, Socket, frame, upgrade_request
from support import API, TIME, UUID, Case, User, event


class Opening(Case):
    def refused_with(self, status, *args, **more):
        with self.assertRaises(Refused) as refused:
            Socket(*args, **more).close()
        self.assertEqual(refused.exception.status, status)
        return refused.exception

    def test_the_token_may_come_in_four_ways(self):
        user = self.user()
        ticket = user.post("/ws/ticket").json()["ticket"]
        for way in ({"headers": {"Authorization": "Bearer " + user.token}}, {"subprotocols": ["canara.v1", "bearer." + user.token]},
                    {"query": "?ticket=" + ticket}, {"query": "?token=" + user.token}):
            with Socket(user, **way) as link:
                self.assertEqual(link.hello["session_id"], user.session_id, way)
                self.assertEqual(link.link.subprotocol, "canara.v1" if "subprotocols" in way else None)

    def test_the_first_found_wins(self):
        user = self.user()
        good, bad = "Bearer " + user.token, "Bearer x.y.z"
        Socket(user, headers={"Authorization": good}, query="?token=bad&ticket=bad").close()
        self.refused_with(401, user, headers={"Authorization": bad}, query="?token=" + user.token)
        self.refused_with(401, user, subprotocols=["canara.v1", "bearer.x.y.z"], query="?token=" + user.token)
        self.refused_with(401, user, query=f"?ticket=bad&token={user.token}")

    def test_the_query_token_can_be_switched_off(self):
        server = self.own(WS_QUERY_TOKEN="deny")
        user = User(server)
        self.refused_with(401, user, query="?token=" + user.token)
        Socket(user).close()
        Socket(user, query="?ticket=" + user.post("/ws/ticket").json()["ticket"]).close()

    def test_no_token_and_bad_tokens_are_401(self):
        user = self.user()
        self.assertIn("Bearer", self.refused_with(401, user, query="").headers["WWW-Authenticate"])
        for token in ("", "x", user.token[:-1], user.token + "A"):
            self.refused_with(401, user, query="?token=" + token)

    def test_an_ended_session_is_401(self):
        user = self.user()
        user.post("/auth/logout")
        self.refused_with(401, user)

    def test_another_session_in_the_path_is_403(self):
        user, other = self.user(), self.user()
        for sid in (other.session_id, str(uuid.uuid4())):
            self.refused_with(403, user, session_id=sid)

    def test_a_path_that_names_no_session_never_opens(self):
        user = self.user()
        for sid in ("x", "..%2f..%2fetc%2fpasswd", user.session_id.upper(), user.session_id + "x", "../" + user.session_id, "a" * 300):
            with self.assertRaises((Refused, websockets.exceptions.InvalidMessage)) as refused:
                Socket(user, session_id=sid).close()
            if isinstance(refused.exception, Refused):
                self.assertIn(refused.exception.status, (400, 403, 404), sid)

    def test_a_blocked_session_is_410(self):
        user = self.user()
        user.rehearse(0.95)
        self.refused_with(410, user)

    def test_only_allowed_origins_may_open(self):
        user = self.user()
        for origin in ("http://localhost:3000", "http://localhost:8080"):
            Socket(user, origin=origin).close()
        for origin in ("http://evil.example", "https://localhost:3000", "http://localhost:3001", "null", "http://localhost:3000.evil.example"):
            self.refused_with(403, user, origin=origin)

    def test_compression_is_not_taken_up(self):
        user = self.user()
        with Socket(user) as link:
            self.assertEqual(link.link.extensions, [])

    def test_an_unknown_subprotocol_is_not_answered(self):
        user = self.user()
        with Socket(user, subprotocols=["chat", "v2"], headers={"Authorization": "Bearer " + user.token}) as link:
            self.assertIsNone(link.link.subprotocol)

    def test_a_plain_get_is_426(self):
        user = self.user()
        answer = self.server.call("GET", f"{API}/ws/behavior/{user.session_id}", token=user.token)
        self.refused(answer, 426, "upgrade-required")
        self.assertEqual(answer.headers["upgrade"].lower(), "websocket")

    def test_another_version_is_426_and_names_13(self):
        user = self.user()
        sent = upgrade_request(self.server, user.session_id, ["Authorization: Bearer " + user.token]).replace(b"Version: 13", b"Version: 8")
        got, _ = self.server.raw(sent, wait_s=2)
        self.assertTrue(got.startswith(b"HTTP/1.1 426 "), got[:100])
        self.assertIn(b"sec-websocket-version: 13", got.lower())

    def test_bad_handshakes_are_400(self):
        user = self.user()
        good = upgrade_request(self.server, user.session_id, ["Authorization: Bearer " + user.token])
        for old, new in ((b"Sec-WebSocket-Key: ", b"Sec-WebSocket-Key: x"), (b"Sec-WebSocket-Key: ", b"X-Key: "), (b"==\r\n", b"\r\n")):
            got, _ = self.server.raw(good.replace(old, new, 1), wait_s=2)
            self.assertRegex(got[:13], rb"^HTTP/1.1 4(00|26) ")

    def test_a_refusal_before_the_upgrade_is_a_problem_document(self):
        user = self.user()
        got, _ = self.server.raw(upgrade_request(self.server, user.session_id), wait_s=2)
        head, body = got.split(b"\r\n\r\n", 1)
        self.assertTrue(head.startswith(b"HTTP/1.1 401 "))
        self.assertEqual(json.loads(body)["type"], "urn:canara:problem:unauthorized")

    def test_the_device_header_is_compared_here_too(self):
        user = self.user()
        head = {"Authorization": "Bearer " + user.token}
        Socket(user, headers={**head, "X-Device-ID": user.device}).close()
        self.refused_with(401, user, headers={**head, "X-Device-ID": "another"})


class Talking(Case):
    def test_the_greeting_tells_the_state(self):
        user = self.user()
        with Socket(user) as link:
            said = link.hello
        self.assertEqual((said["type"], said["message"]), ("connection_established", "Behavioral data collection started"))
        self.assertEqual((said["risk_level"], said["mpin_required"], said["session_id"]), ("normal", False, user.session_id))
        self.assertEqual((said["limits"]["max_message_bytes"], said["limits"]["max_events_per_message"]), (65536, 256))
        self.assertRegex(said["timestamp"], TIME)

    def test_an_event_is_acknowledged(self):
        with Socket(self.user()) as link:
            said = link.ask(event())
        self.assertEqual((said["type"], said["status"], said["count"], said["risk_level"]), ("data_received", "processed", 1, "normal"))
        self.assertRegex(said["timestamp"], TIME)

    def test_an_array_is_acknowledged_once_with_its_count(self):
        with Socket(self.user()) as link:
            self.assertEqual(link.ask([event()] * 7)["count"], 7)
            self.assertEqual(link.ask([event(seq=1)] * 256)["count"], 256)

    def test_each_message_gets_its_own_acknowledgement_in_order(self):
        with Socket(self.user()) as link:
            for seq in range(1, 41):
                link.send({**event(), "seq": seq})
            self.assertEqual([link.receive_type("data_received")["seq"] for _ in range(40)], list(range(1, 41)))

    def test_with_acks_batch_counts_add_up(self):
        user = self.user()
        with Socket(user, query=f"?token={user.token}&acks=batch") as link:
            for seq in range(1, 201):
                link.send({**event(), "seq": seq})
            count = last = 0
            while count < 200:
                said = link.receive_type("data_received")
                count += said["count"]
                self.assertGreater(said["seq"], last)
                last = said["seq"]
        self.assertEqual((count, last), (200, 200))

    def test_an_acknowledged_event_is_in_the_summary(self):
        user = self.user()
        with Socket(user) as link:
            link.ask([event(), event("scroll", pixels=3), event()])
            said = user.summary()
        self.assertEqual((said["total_events"], said["event_breakdown"]), (3, {"mouse_movement": 2, "scroll": 1}))

    def test_fragments_are_joined(self):
        text = json.dumps(event()).encode()
        with RawSocket(self.user()) as link:
            link.next_frame()
            link.send(frame(1, text[:5], fin=False) + frame(9, b"hi") + frame(0, text[5:9], fin=False) + frame(0, text[9:]))
            seen = [link.next_frame() for _ in range(2)]
        self.assertIn((10, b"hi"), seen)
        self.assertEqual([json.loads(p)["type"] for o, p in seen if o == 1], ["data_received"])

    def test_a_ping_is_answered_with_its_payload(self):
        with RawSocket(self.user()) as link:
            link.next_frame()
            link.send(frame(9, b"payload"))
            self.assertEqual(link.next_frame(), (10, b"payload"))

    def test_a_reconnect_repeats_an_open_challenge(self):
        user = self.user()
        user.rehearse(0.75)
        for _ in range(2):
            with Socket(user) as link:
                self.assertEqual(link.hello["mpin_required"], True)
                said = link.receive_type("mpin_required")
                self.assertEqual(said["message"], "Please verify your MPIN to continue")
                self.assertRegex(said["challenge_id"], UUID)


class Errors(Case):
    def test_text_that_is_no_json_is_an_error_and_the_socket_stays(self):
        with Socket(self.user()) as link:
            for text in ("", "x", "{", "{'a':1}", '{"event_type":"scroll","data":{}}x', '{"event_type":"scroll","data":{"a":NaN}}', '{"a":1,"a":2}'):
                self.assertEqual(link.ask_text(text)["message"], "Invalid JSON format", text)
                self.assertEqual(link.ask(event())["type"], "data_received")

    def test_an_event_without_a_type_is_the_seeds_error(self):
        with Socket(self.user()) as link:
            said = link.ask({"data": {}})
        self.assertEqual((said["type"], said["message"]), ("error", "Missing event_type in behavioral data"))

    def test_an_error_in_an_array_stores_nothing_of_it(self):
        user = self.user()
        with Socket(user) as link:
            for bad in ([event(), {"data": {}}], [event(), {"event_type": "rapid_clicks", "data": {"clicks_per_second": -1}}], []):
                self.assertEqual(link.ask(bad)["type"], "error")
            self.assertEqual(link.ask([event()] * 257)["type"], "error")
            self.assertEqual(user.summary()["total_events"], 0)

    def test_the_tenth_error_in_a_row_closes_1008(self):
        with Socket(self.user()) as link:
            for _ in range(9):
                self.assertEqual(link.ask_text("x")["type"], "error")
            link.send_text("x")
            code, left = link.closed()
        self.assertEqual(code, 1008)
        self.assertLessEqual({m["type"] for m in left}, {"error"})

    def test_a_good_message_between_starts_the_count_again(self):
        with Socket(self.user()) as link:
            for _ in range(3):
                for _ in range(9):
                    link.ask_text("x")
                self.assertEqual(link.ask(event())["type"], "data_received")


class Sequence(Case):
    def test_a_repeated_seq_is_acknowledged_and_not_stored_again(self):
        user = self.user()
        with Socket(user) as link:
            for seq in (5, 6, 6, 5, 7, 1):
                self.assertEqual(link.ask({**event(), "seq": seq})["type"], "data_received")
            self.assertEqual(user.summary()["total_events"], 3)

    def test_a_client_may_resend_after_a_reconnect(self):
        user = self.user()
        batch = [{**event("scroll", pixels=i), "seq": i} for i in range(1, 31)]
        with Socket(user) as link:
            for item in batch[:20]:
                link.send(item)
            link.receive_type("data_received")
        with Socket(user) as link:
            self.assertGreaterEqual(link.hello["last_seq"], 1)
            said = link.ask(batch)
            self.assertEqual(said["seq"], 30)
        with Socket(user) as link:
            self.assertEqual(link.hello["last_seq"], 30)
        self.assertEqual(user.summary()["total_events"], 30)
        lines = [line["data"]["pixels"] for line in self.server.buffer(user, 30) if line["event_type"] == "scroll"]
        self.assertEqual(lines, list(range(1, 31)))

    def test_rest_and_socket_share_one_sequence(self):
        user = self.user()
        with Socket(user) as link:
            link.ask({**event(), "seq": 10})
            self.assertEqual(user.events([{**event(), "seq": 9}, {**event(), "seq": 11}]).status, 200)
            link.ask({**event(), "seq": 11})
        self.assertEqual(user.summary()["total_events"], 2)
        self.assertEqual(user.events([{**event(), "seq": 12}]).status, 200)
        with Socket(user) as link:
            self.assertEqual(link.hello["last_seq"], 12)

    def test_a_seq_of_another_kind_is_an_error(self):
        with Socket(self.user()) as link:
            for seq in ("1", 1.5, -1, True, [], 2 ** 53, 1e300):
                said = link.ask({**event(), "seq": seq})
                self.assertEqual((said["type"], said.get("field")), ("error", "seq"), seq)


class Closing(Case):
    def test_a_second_socket_closes_the_first_4409(self):
        user = self.user()
        first = Socket(user)
        with Socket(user) as second:
            self.assertEqual(first.closed()[0], 4409)
            self.assertEqual(second.ask(event())["type"], "data_received")

    def test_a_block_is_told_and_closes_4403(self):
        user = self.user()
        link = Socket(user)
        user.rehearse(0.95)
        said = link.receive_type("session_blocked")
        self.assertEqual(said["reason"], "High risk behavior detected")
        self.assertEqual(link.closed()[0], 4403)

    def test_a_block_in_the_middle_of_a_fragmented_array_stores_the_whole_of_it(self):
        user = self.user()
        sent = [event("rapid_clicks", clicks_per_second=20 + n) for n in range(4)] + [event("scroll", pixels=n) for n in range(200)]
        text = json.dumps(sent).encode()
        with RawSocket(user) as link:
            link.next_frame()
            link.send(frame(1, text[:9000], fin=False) + frame(0, text[9000:9001], fin=False))
            time.sleep(0.05)
            link.send(frame(0, text[9001:]))
            self.assertEqual(link.close_code(), 4403)
        lines = [line for line in self.server.buffer(user, lines=len(sent)) if line["event_type"] in ("rapid_clicks", "scroll")]
        self.assertEqual([line["data"] for line in lines], [one["data"] for one in sent])

    def test_a_session_ended_from_another_one_closes_4401(self):
        user = self.user()
        other = user.again()
        link = Socket(other)
        self.server.delete(f"/auth/sessions/{other.session_id}", user.token)
        self.assertEqual(link.closed()[0], 4401)

    def test_a_message_over_64_KiB_closes_1009_and_one_of_64_KiB_does_not(self):
        user = self.user()
        text = json.dumps({"event_type": "x", "data": {}}) + " " * (65536 - len(json.dumps({"event_type": "x", "data": {}})))
        self.assertEqual(len(text), 65536)
        with Socket(user) as link:
            self.assertEqual(link.ask_text(text)["type"], "data_received")
            link.send_text(text + " ")
            self.assertEqual(link.closed()[0], 1009)

    def test_too_big_in_fragments_closes_1009_too(self):
        with RawSocket(self.user()) as link:
            link.send(frame(1, b" " * 40000, fin=False) + frame(0, b" " * 40000))
            self.assertEqual(link.close_code(), 1009)

    def test_frames_that_break_the_protocol_close_as_the_rfc_says(self):
        cases = {"binary": (frame(2, b"{}"), 1003), "bad UTF-8": (frame(1, b'"\xff"'), 1007), "cut UTF-8": (frame(1, b"\xe2\x82"), 1007),
                 "surrogate": (frame(1, b"\xed\xa0\x80"), 1007), "overlong": (frame(1, b"\xc0\xaf"), 1007), "unmasked": (frame(1, b"{}", masked=False), 1002),
                 "reserved bit": (frame(1, b"{}", reserved=4), 1002), "reserved opcode": (frame(3, b""), 1002), "reserved control": (frame(11, b""), 1002),
                 "long ping": (frame(9, b"x" * 126), 1002), "split ping": (frame(9, b"x", fin=False), 1002), "continuation of nothing": (frame(0, b"x"), 1002),
                 "new message inside one": (frame(1, b"x", fin=False) + frame(1, b"x"), 1002), "close of one byte": (frame(8, b"x"), 1002),
                 "close code 1005": (frame(8, b"\x03\xed"), 1002), "close code 999": (frame(8, b"\x03\xe7"), 1002),
                 "close reason bad UTF-8": (frame(8, b"\x03\xe8\xff"), 1007), "huge length": (b"\x81\xff" + b"\xff" * 8 + b"mask", None)}
        user = self.user()
        for name, (sent, code) in cases.items():
            with self.subTest(case=name), RawSocket(user) as link:
                link.send(sent)
                got = link.close_code()
                self.assertIn(got, (code,) if code else (1002, 1009))

    def test_a_close_is_answered_with_its_code(self):
        with RawSocket(self.user()) as link:
            link.send(frame(8, b"\x03\xe8bye"))
            self.assertEqual(link.close_code(), 1000)

    def test_shutdown_closes_1001(self):
        server = self.own()
        link = Socket(User(server))
        self.assertEqual(server.stop(), 0)
        self.assertEqual(link.closed()[0], 1001)

    def test_more_events_than_allowed_close_1008(self):
        server = self.own(EVENTS_PER_SECOND="20")
        with Socket(User(server)) as link:
            try:
                for _ in range(60):
                    link.send([event()] * 10)
                    time.sleep(0.01)
            except websockets.exceptions.ConnectionClosed:
                pass
            self.assertEqual(link.closed()[0], 1008)

    def test_more_bytes_than_allowed_close_1008(self):
        server = self.own(EVENTS_PER_SECOND="200")
        big = event("zzz", **{f"k{i}": "x" * 1000 for i in range(30)})
        with Socket(User(server)) as link:
            self.assertEqual(link.hello["limits"]["event_bytes_per_second"], 65536)
            try:
                for _ in range(60):
                    link.send(big)
            except websockets.exceptions.ConnectionClosed:
                pass
            code, left = link.closed()
            self.assertEqual(code, 1008)
            self.assertLessEqual(sum(m["type"] == "data_received" for m in left), 30)

    def test_refused_messages_count_as_bytes_do_and_close_1008(self):
        big = {**event("zzz", **{f"k{i}": "x" * 1000 for i in range(58)}), "seq": -1}
        with Socket(User(self.own(EVENTS_PER_SECOND="200"))) as link:
            try:
                for _ in range(20):
                    for _ in range(9):  # the tenth error in a row would close
                        link.send(big)
                    link.send(event())
            except websockets.exceptions.ConnectionClosed:
                pass
            code, left = link.closed()
            self.assertEqual((code, link.link.close_reason), (1008, "too many events"))
            self.assertIn(sum(m["type"] == "error" for m in left), range(1, 30))

    def test_nothing_is_acknowledged_after_logout(self):
        user = self.user()
        link = Socket(user)
        user.post("/auth/logout")
        try:
            link.send(event())
        except websockets.exceptions.ConnectionClosed:
            pass
        code, left = link.closed()
        self.assertEqual((code, [m for m in left if m["type"] == "data_received"]), (4408, []))


if __name__ == "__main__":
    unittest.main()
