#!/usr/bin/env python3
"""Run the benchmark: a server of ours beside a bare epoll echo, interleaved, medians of rounds.

usage: bench/run.py [--build build/bench] [--rounds 5] [--seconds 3] [--json FILE]

Needs the `bench` preset built. Prints one table: server CPU (all threads, from
/proc/PID/task/*/schedstat) per answer, the ratio to the bare echo of the same round, latency, and
memory per idle connection. Bounded in time and count; loopback only; stops what it starts."""
import argparse
import json
import os
import pathlib
import platform
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent


def cpu_ns(pid):
    """CPU time of every thread of a process, dead ones not counted."""
    total = 0
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        total += int((task / "schedstat").read_text().split()[0])
    return total


def anonymous_bytes(pid):
    """Resident memory that is the process's own: heap and stacks, not mapped files."""
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * 1024
    return 0


class Process:
    """A server that prints 'listening on …' first."""

    def __init__(self, command, cwd):
        self.p = subprocess.Popen(command, cwd=cwd, stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL, text=True)
        line = self.p.stdout.readline()
        if "listening on" not in line:
            raise SystemExit(f"{command[0]} did not start: {line!r}")
        self.port = int(line.strip().rsplit(":", 1)[-1].rsplit(" ", 1)[-1])

    def stop(self):
        self.p.send_signal(signal.SIGTERM)
        try:
            self.p.wait(20)
        except subprocess.TimeoutExpired:
            self.p.kill()
            self.p.wait()


def call(port, path, body, token=None):
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", json.dumps(body).encode(),
                                     headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def sessions(port, count, path, per_account=10, name="bench"):
    """Accounts with some sessions each; writes 'SESSION TOKEN' lines."""
    lines = []
    for account in range((count + per_account - 1) // per_account):
        email = f"{name}{account}-{port}@example.com"
        call(port, "/api/v1/auth/register",
             {"email": email, "password": "Bench-horse-77", "mpin": "4829"})
        for device in range(min(per_account, count - len(lines))):
            got = call(port, "/api/v1/auth/login",
                       {"email": email, "password": "Bench-horse-77", "device_id": f"d{device}"})
            lines.append(f"{got['session_id']} {got['session_token']}")
    path.write_text("\n".join(lines) + "\n")


def load(build, server, mode, connections, inflight, seconds, tokens):
    """One round: answers, CPU per answer in us, latency."""
    command = [str(build / "bench/bench_load"), "--port", str(server.port), "--mode", mode,
               "--connections", str(connections), "--inflight", str(inflight),
               "--seconds", str(seconds), "--tokens", str(tokens)]
    client = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    if client.stdout.readline().strip() != "running":
        raise SystemExit(f"load {mode} did not run")
    before = cpu_ns(server.p.pid)
    began = time.monotonic()
    line = client.stdout.readline()
    spent = cpu_ns(server.p.pid) - before
    took = time.monotonic() - began
    client.wait()
    result = json.loads(line)
    rate = result["answers"] / result["seconds"]
    result["cpu_us"] = spent / 1000 / (rate * took)
    result["per_second"] = rate
    return result


IDLE = 1000


def idle_bytes(build, work):
    """Memory of ours for a silent session and for its socket, on a server of its own. The session's
    share holds what the database keeps in its (bounded) cache."""
    server = start(build, work / "idle", ["--set", "MAX_SESSIONS_PER_ACCOUNT=50"])
    tokens = work / "idle-tokens"
    try:
        sessions(server.port, 50, tokens, per_account=50)  # everything has run once
        fresh = anonymous_bytes(server.p.pid)
        sessions(server.port, IDLE, tokens, per_account=50, name="idle")
        known = anonymous_bytes(server.p.pid)
        command = [str(build / "bench/bench_load"), "--port", str(server.port), "--mode", "idle",
                   "--connections", str(IDLE), "--seconds", "3", "--tokens", str(tokens)]
        client = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        client.stdout.readline()
        time.sleep(1.5)
        connected = anonymous_bytes(server.p.pid)
        client.wait()
        return (connected - known) / IDLE, (known - fresh) / IDLE
    finally:
        server.stop()


def logins(port, stop, threads):
    """64 clients that log in without pause, until told to stop."""
    def one(number):
        email = f"crowd{number}-{port}@example.com"
        try:
            call(port, "/api/v1/auth/register",
                 {"email": email, "password": "Bench-horse-77", "mpin": "4829"})
        except OSError:
            pass
        while not stop.is_set():
            try:
                call(port, "/api/v1/auth/login", {"email": email, "password": "Bench-horse-77",
                                                  "device_id": "d"})
            except OSError:
                time.sleep(0.05)  # 503 with Retry-After: the pool is full, as it should be
    crowd = [threading.Thread(target=one, args=(i,), daemon=True) for i in range(threads)]
    for t in crowd:
        t.start()
    return crowd


def start(build, data, more):
    """A server with its throttles off, as DEBUG=True on loopback allows."""
    off = ["EVENTS_PER_SECOND", "CONNECTIONS_PER_ADDRESS", "LOGIN_PER_ACCOUNT",
           "LOGIN_PER_ADDRESS", "REGISTER_PER_ADDRESS"]
    command = [str(build / "canara"), "serve", "--set", f"DATA_DIR={data}", "--set", "PORT=0",
               "--set", "DEBUG=True", "--set", "LOG_LEVEL=error"]
    for name in off:
        command += ["--set", f"{name}=0"]
    return Process(command + more, data.parent)


def row(name, value, unit, goal, note=""):
    print(f"{name:<44} {value:>10.2f} {unit:<10} {goal:<12} {note}")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=str(ROOT / "build/bench"))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--json")
    args = parser.parse_args()
    build = pathlib.Path(args.build)
    work = pathlib.Path(tempfile.mkdtemp(prefix="canara-bench-"))
    commit = subprocess.run(["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"],
                            capture_output=True, text=True).stdout.strip()
    print(f"commit {commit}, {os.cpu_count()} cores, {platform.machine()}, "
          f"{time.strftime('%Y-%m-%d')}, {args.rounds} rounds of {args.seconds} s")
    server = echo = None
    try:
        server = start(build, work / "data", [])
        echo = Process([str(build / "bench/bench_echo")], work)
        tokens = work / "tokens"
        sessions(server.port, 64, tokens)
        measured = measure(args, build, server, echo, tokens, work)
        if args.json:
            pathlib.Path(args.json).write_text(json.dumps(measured, indent=1) + "\n")
    finally:
        for p in (server, echo):
            if p:
                p.stop()
        shutil.rmtree(work, ignore_errors=True)
    return 0


def measure(args, build, server, echo, tokens, work):
    kinds = [("echo", echo, "echo", 1), ("events", server, "events", 1),
             ("events16", server, "events", 16), ("echo16", echo, "echo", 16),
             ("array32", server, "array", 1), ("status", server, "status", 1)]
    rounds = {name: [] for name, *_ in kinds}
    for _ in range(args.rounds):
        for name, target, mode, inflight in kinds:
            rounds[name].append(load(build, target, mode, 64, inflight, args.seconds, tokens))

    def median(name, key):
        return statistics.median(r[key] for r in rounds[name])

    ratio = statistics.median(e["cpu_us"] / b["cpu_us"]
                              for e, b in zip(rounds["events"], rounds["echo"]))
    row("bare echo, 64 connections, 1 in flight", median("echo", "cpu_us"), "us CPU", "")
    row("event, 1 in flight, scored and durable", median("events", "cpu_us"), "us CPU", "<= 9",
        f"{ratio:.2f} x echo, {median('events', 'per_second'):.0f}/s, "
        f"p50 {median('events', 'p50_us'):.0f} us, p99 {median('events', 'p99_us'):.0f} us")
    row("bare echo, 16 in flight", median("echo16", "cpu_us"), "us CPU", "")
    row("event, 16 in flight", median("events16", "cpu_us"), "us CPU", "",
        f"{median('events16', 'per_second'):.0f}/s")
    row("event in an array of 32", median("array32", "cpu_us") / 32, "us CPU", "",
        f"{median('array32', 'per_second') * 32:.0f}/s")
    row("GET session-status, keep-alive", median("status", "cpu_us"), "us CPU", "<= 12",
        f"{median('status', 'per_second'):.0f}/s")
    idle, session = idle_bytes(build, work)
    row(f"idle connection, {IDLE} of them", idle, "bytes", "<= 2048", "resident, our own")
    row("its session, logged in", session, "bytes", "", "with what the database caches of it")

    quiet = load(build, server, "events", 64, 1, args.seconds, tokens)
    stop = threading.Event()
    crowd = logins(server.port, stop, 64)
    time.sleep(2)
    busy = load(build, server, "events", 64, 1, args.seconds, tokens)
    stop.set()
    for t in crowd:
        t.join(30)
    row("event p99 while 64 clients log in", busy["p99_us"], "us", "<= 5 x quiet",
        f"quiet {quiet['p99_us']} us, {busy['p99_us'] / max(1, quiet['p99_us']):.1f} x")
    return {"rounds": rounds, "idle_bytes": idle, "session_bytes": session, "quiet": quiet, "busy": busy}


if __name__ == "__main__":
    sys.exit(main())
