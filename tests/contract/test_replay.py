"""Behaviour that was recorded and is played again: stopped, on the account where it was recorded and on any other."""
import random
import signal
import unittest

from sockets import Socket
from support import Case, event


def recording(seed, count=20):
    """What the first version's client sends, in the digits that real clients send."""
    r = random.Random(seed)
    out = []
    for _ in range(count):
        kind = r.randrange(3)
        if kind == 0:
            out.append(event("typing_pattern", words_per_minute=round(r.uniform(40, 80), 4), backspace_frequency=round(r.uniform(0.01, 0.1), 5),
                             key_press_intervals=[round(r.uniform(0.1, 0.3), 4) for _ in range(5)]))
        elif kind == 1:
            out.append(event("mouse_movement", movement_speed=round(r.uniform(50, 200), 3), idle_time=round(r.uniform(0.1, 5), 3), click_pattern="normal"))
        else:
            out.append(event("navigation_pattern", page_switches_per_minute=round(r.uniform(1, 6), 3), time_on_page=round(r.uniform(10, 60), 2),
                             current_page="dashboard"))
    return out


def play(user, events):
    """Send until the end or a block; how many events were taken, and the level after."""
    taken = 0
    try:
        with Socket(user) as link:
            for one in events:
                link.send(one)
                link.receive_type("data_received")
                taken += 1
    except Exception as closed:  # a block closes the socket
        if "4403" not in str(closed) and "session_blocked" not in str(closed):
            raise
    return taken, user.status()["risk_level"]


class Replayed(Case):
    def test_a_recorded_session_is_stopped_on_its_own_account(self):
        owner = self.user()
        self.assertEqual(play(owner, recording(1)), (20, "normal"))
        for first in (0, 5, 8):
            thief = owner.again()
            taken, level = play(thief, recording(1)[first:first + 12])
            self.assertIn(level, ("challenge", "blocked"), (first, taken))

    def test_honest_sessions_of_one_customer_are_no_replays(self):
        user = self.user()
        for seed in range(10, 18):
            self.assertEqual(play(user, recording(seed)), (20, "normal"), seed)
            user = user.again()

    def test_a_recording_is_known_after_a_restart_and_after_a_kill(self):
        server = self.own()
        owner = self.user(server)
        play(owner, recording(2))
        server.restart()
        self.assertIn(play(owner.again(), recording(2)[:12])[1], ("challenge", "blocked"))
        other = self.user(server)
        play(other, recording(4))
        server.restart(signal.SIGKILL)
        self.assertIn(play(other.again(), recording(4)[:12])[1], ("challenge", "blocked"))

    def test_the_fact_cannot_be_claimed(self):
        user = self.user()
        self.refused(user.events([event("session_replay")]), 422, "invalid-request")


if __name__ == "__main__":
    unittest.main()
