#!/usr/bin/python3
"""A client that knows only what the seed document tells: it walks the documented steps and prints what it gets.

seed_client.py [--url http://127.0.0.1:8000] [--seconds 30] [--fast] [--bot]
Uses requests and websockets, as a stranger would; nothing of the test support.
"""
import argparse
import asyncio
import datetime
import json
import random
import sys

import requests
import websockets

ACCOUNT = {"email": "demo@canara.com", "password": "demo123", "mpin": "1234"}


class SeedClient:
    def __init__(self, url, seconds=30.0, fast=False, account=None, bot=False, seed=7):
        self.url, self.seconds, self.pace = url, seconds, 0.02 if fast else 1.0
        self.account = {**ACCOUNT, **(account or {})}
        self.bot = bot
        self.random = random.Random(seed)
        self.token = self.session_id = None
        self.seen = []
        self.sent = 0
        self.open = False

    def post(self, path, body, bearer=False):
        headers = {"Authorization": f"Bearer {self.token}"} if bearer else {}
        answer = requests.post(f"{self.url}/api/v1{path}", json=body, headers=headers, timeout=15)
        print(f"POST {path}: {answer.status_code} {answer.json().get('detail') or answer.json().get('message') or ''}")
        return answer

    def register(self):
        return self.post("/auth/register", self.account).status_code

    def login(self):
        answer = self.post("/auth/login", {"email": self.account["email"], "password": self.account["password"], "device_id": "demo_device"})
        if answer.status_code == 200:
            self.token, self.session_id = answer.json()["session_token"], answer.json()["session_id"]
        return answer.status_code

    def verify(self):
        return self.post("/auth/verify-mpin", {"mpin": self.account["mpin"]}, bearer=True).status_code

    def status(self):
        answer = requests.get(f"{self.url}/api/v1/auth/session-status", headers={"Authorization": f"Bearer {self.token}"}, timeout=15)
        print(f"GET session-status: {answer.status_code} {answer.text}")
        return answer

    def make_event(self):
        pick, now, between = self.random.random(), datetime.datetime.now().isoformat(), self.random.uniform
        if self.bot:
            pick = 0.9 + pick / 10
        if pick < 0.3:
            return "typing_pattern", {"words_per_minute": between(40, 80), "key_press_intervals": [between(0.1, 0.3) for _ in range(5)], "timestamp": now}
        if pick < 0.5:
            return "navigation_pattern", {"page_switches_per_minute": between(2, 8), "timestamp": now,
                                          "current_page": self.random.choice(["dashboard", "transfer", "history", "profile"])}
        if pick < 0.9:
            return "mouse_movement", {"movement_speed": between(50, 200), "click_pattern": "normal", "idle_time": between(0.5, 3.0), "timestamp": now}
        return self.random.choice([("rapid_clicks", {"clicks_per_second": self.random.randint(8, 15)}), ("copy_paste_behavior", {"paste_events": self.random.randint(3, 7)}),
                                   ("unusual_navigation", {"rapid_page_switches": True})])

    async def listen(self, link):
        try:
            async for text in link:
                message = json.loads(text)
                self.seen.append(message)
                print(f"<- {message['type']}: {message.get('message') or message.get('status') or message.get('reason') or ''}")
                if message["type"] == "mpin_required":
                    await asyncio.sleep(self.pace)
                    await asyncio.get_running_loop().run_in_executor(None, self.verify)
                elif message["type"] == "session_blocked":
                    await link.close()
        except websockets.exceptions.ConnectionClosed:
            pass
        self.open = False

    async def stream(self):
        address = self.url.replace("http", "ws", 1) + f"/api/v1/ws/behavior/{self.session_id}?token={self.token}"
        async with websockets.connect(address) as link:
            self.open = True
            listener = asyncio.create_task(self.listen(link))
            await asyncio.get_running_loop().run_in_executor(None, self.verify)
            end = asyncio.get_running_loop().time() + self.seconds
            while self.open and asyncio.get_running_loop().time() < end:
                kind, data = self.make_event()
                try:
                    await link.send(json.dumps({"event_type": kind, "data": data}))
                except websockets.exceptions.ConnectionClosed:
                    break
                self.sent += 1
                await asyncio.sleep(self.random.uniform(1, 5) * self.pace)
            await asyncio.get_running_loop().run_in_executor(None, self.status)
            await asyncio.sleep(10 * self.pace)
            await link.close()
            await listener

    def run(self):
        self.register()  # a failure is printed, and it goes on
        if self.login() != 200:
            return 1
        asyncio.run(self.stream())
        return 0


def main():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("--url", default="http://127.0.0.1:8000")
    args.add_argument("--seconds", type=float, default=30)
    args.add_argument("--fast", action="store_true", help="pauses fifty times shorter")
    args.add_argument("--bot", action="store_true", help="only suspicious events")
    args = args.parse_args()
    return SeedClient(args.url, args.seconds, args.fast, bot=args.bot).run()


if __name__ == "__main__":
    sys.exit(main())
