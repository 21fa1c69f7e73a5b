"""Restarts: a clean stop and kill -9 lose no session, no level, no acknowledged event."""
import signal
import threading
import time
import unittest

import websockets

from sockets import Refused, Socket
from support import Case, User, event


class Restart(Case):
    def each(self):
        """A server of its own for each way to stop; the way stands in the message of a failure."""
        for how in (signal.SIGTERM, signal.SIGKILL):
            self.how = how.name
            yield self.own(), how

    def _formatMessage(self, msg, standardMsg):
        return f"after {getattr(self, 'how', 'no')} stop: {super()._formatMessage(msg, standardMsg)}"

    def test_a_token_is_valid_afterwards_and_the_state_is_the_same(self):
        for server, how in self.each():
            user = User(server)
            user.verify("9021")
            user.events([{**event("scroll", pixels=i), "seq": i} for i in range(1, 6)])
            before = user.status()
            server.restart(how)
            after = user.status()
            for name in ("session_id", "user_email", "device_id", "created_at", "is_active", "is_blocked", "behavioral_events_count", "mpin_attempts", "risk_level"):
                self.assertEqual(after[name], before[name], name)
            self.assertAlmostEqual(after["risk_score"], before["risk_score"], delta=0.02)
            with Socket(user) as link:
                self.assertEqual(link.hello["last_seq"], 5)
            user.server.post("/auth/refresh", {"refresh_token": user.refresh_token})

    def test_challenge_block_and_logout_are_kept(self):
        for server, how in self.each():
            challenged, blocked, gone = User(server), User(server), User(server)
            challenged.rehearse(0.75)
            blocked.rehearse(0.95)
            gone.post("/auth/logout")
            server.restart(how)
            self.assertEqual((challenged.status()["mpin_required"], challenged.status()["is_active"]), (True, True))
            self.assertEqual(blocked.status()["is_blocked"], True)
            self.refused(blocked.verify(), 403, "session-blocked")
            self.refused(gone.get("/auth/session-status"), 401, "unauthorized")
            with self.assertRaises(Refused):
                Socket(blocked)
            self.assertEqual(challenged.verify().status, 200)
            self.assertEqual(challenged.status()["mpin_required"], False)

    def test_a_passed_challenge_stays_passed(self):
        for server, how in self.each():
            user = User(server)
            user.rehearse(0.75)
            user.challenge()
            server.restart(how)
            self.assertEqual(user.status()["mpin_required"], False)

    def test_a_challenge_that_nobody_answered_is_asked_for_at_the_next_login(self):
        for server, how in self.each():
            here, gone, answered = User(server), User(server), User(server)
            for user in (here, gone, answered):
                user.rehearse(0.75)
            gone.post("/auth/logout")
            answered.verify()
            server.restart(how)
            self.assertEqual([user.try_login().json()["mpin_required"] for user in (here, gone, answered)], [True, True, False])
            server.restart(how)
            self.assertEqual([user.login().status()["mpin_required"] for user in (here, gone, answered)], [True, True, False])
            for user in (here, gone):
                self.assertEqual(user.verify().status, 200)
                self.assertEqual(user.try_login().json()["mpin_required"], False)

    def test_every_acknowledged_event_is_in_the_buffer_file_once_and_in_order(self):
        for server, how in self.each():
            users = [User(server) for _ in range(4)]
            acked = [0] * len(users)

            def stream(place, user=None):
                user = users[place]
                try:
                    with Socket(user) as link:
                        seq = 0
                        while True:
                            seq += 1
                            link.send({**event("scroll", pixels=seq), "seq": seq})
                            acked[place] = max(acked[place], link.receive_type("data_received")["seq"])
                except (websockets.exceptions.ConnectionClosed, OSError, AssertionError, TimeoutError):
                    pass

            threads = [threading.Thread(target=stream, args=(i,)) for i in range(len(users))]
            for thread in threads:
                thread.start()
            time.sleep(1.2)
            server.stop(how)
            for thread in threads:
                thread.join(20)
            server.start()
            for user, last in zip(users, acked):
                self.assertGreater(last, 5)
                user.summary()
                lines = [line["data"]["pixels"] for line in server.buffer(user, last) if line["event_type"] == "scroll"]
                self.assertGreaterEqual(len(lines), last)
                self.assertEqual(lines, list(range(1, len(lines) + 1)))

    def test_a_clean_stop_ends_with_status_0_and_within_seconds(self):
        server = self.own()
        link = Socket(User(server))
        began = time.monotonic()
        self.assertEqual(server.stop(), 0)
        self.assertLess(time.monotonic() - began, 15)
        self.assertEqual(link.closed()[0], 1001)

    def test_ten_restarts_in_a_row_keep_one_session(self):
        server = self.own()
        user = User(server)
        for i in range(10):
            user.events([{**event("scroll", pixels=i), "seq": i + 1}])
            server.restart(signal.SIGKILL if i % 2 else signal.SIGTERM)
        self.assertEqual(user.summary()["total_events"], 10)
        lines = [line["data"]["pixels"] for line in server.buffer(user, 10) if line["event_type"] == "scroll"]
        self.assertEqual(lines, list(range(10)))



if __name__ == "__main__":
    unittest.main()
