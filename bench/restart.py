"""How long a start takes on a DATA_DIR, with a cold page cache: time until the first answered
/health, CPU and bytes read by then. See docs/performance.md, "Restart".

    build/bench/domain_restart_bench /var/tmp/restart 100000 1024
    python3 bench/restart.py /var/tmp/restart [--rounds 3] [--stop kill|term|usr2] [--warm] [--anew]

With usr2 the server hands over to a new one, and pause_s is how long nobody served. --anew removes the
checkpoints before each start, so that all sessions are played, and awake.
"""
import argparse
import http.client
import json
import os
import pathlib
import signal
import socket
import statistics
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent


def forget(folder):
    """Let the kernel drop what it has cached of the folder's files."""
    os.sync()
    for pattern in ("*", "journal/*"):
        for path in pathlib.Path(folder).glob(pattern):
            if not path.is_file() or path.is_symlink():
                continue
            fd = os.open(path, os.O_RDONLY)
            os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(fd)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def answered(port):
    try:
        link = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        link.request("GET", "/health/ready")
        return link.getresponse().status == 200
    except OSError:
        return False


def used(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    ticks = os.sysconf("SC_CLK_TCK")
    with open(f"/proc/{pid}/io", encoding="ascii") as f:
        io = dict(line.split(": ") for line in f.read().splitlines())
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        rss = [int(line.split()[1]) for line in f if line.startswith("VmRSS")][0]
    return {"cpu_s": (int(fields[11]) + int(fields[12])) / ticks, "read_mb": int(io["read_bytes"]) / 2**20, "rss_mb": rss / 1024}


def start(args):
    if not args.warm:
        forget(args.data_dir)
    port = free_port()
    log = open(args.log, "a", encoding="utf-8")
    settings = {"DATA_DIR": args.data_dir, "PORT": str(port), "DEBUG": "True", "SESSION_EXPIRE_MINUTES": "720", "LOG_FORMAT": "json", **dict(s.split("=", 1) for s in args.set)}
    command = [str(args.canara.resolve()), "serve"] + [word for name, value in settings.items() for word in ("--set", f"{name}={value}")]
    began = time.monotonic()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=log, cwd=args.data_dir)
    while not answered(port):
        if child.poll() is not None:
            raise SystemExit(f"the server ended with {child.returncode}: see {args.log}")
        time.sleep(0.002)
    return child, {"ready_s": time.monotonic() - began, **used(child.pid)}


def successor(data_dir):
    """The new process is no child of ours: it is known by the DATA_DIR that it was given."""
    for folder in pathlib.Path("/proc").iterdir():
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0") if folder.name.isdigit() else []
        except OSError:
            continue
        if f"DATA_DIR={data_dir}".encode() in words:
            return int(folder.name)
    raise SystemExit("nobody took over")


def lives(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def hand_over(child, args):
    """Returns the pause in seconds, as the old process tells it."""
    said = pathlib.Path(args.log).stat().st_size
    child.send_signal(signal.SIGUSR2)
    child.wait()
    new = successor(args.data_dir)
    with open(args.log, encoding="utf-8") as log:
        log.seek(said)
        events = [json.loads(line) for line in log if line.startswith("{")]
    pause = [e["pause_ms"] for e in events if e["event"] == "handover.done"]
    os.kill(new, signal.SIGTERM)
    while lives(new):
        time.sleep(0.02)
    if not pause:
        raise SystemExit(f"no handover: see {args.log}")
    return pause[0] / 1000


def stop(child, how):
    began = time.monotonic()
    child.send_signal(signal.SIGKILL if how == "kill" else signal.SIGTERM)
    child.wait()
    return time.monotonic() - began


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("data_dir")
    parser.add_argument("--canara", default=ROOT / "build/bench/canara", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--stop", choices=("kill", "term", "usr2"), default="kill")
    parser.add_argument("--settle", type=float, default=0, help="seconds to run before the stop")
    parser.add_argument("--warm", action="store_true", help="leave the page cache as it is")
    parser.add_argument("--anew", action="store_true", help="remove the checkpoints before each start")
    parser.add_argument("--set", action="append", default=[])
    parser.add_argument("--log", default="/dev/null")
    parser.add_argument("--json")
    args = parser.parse_args()
    if args.stop == "usr2" and args.log == "/dev/null":
        parser.error("--stop usr2 reads the pause from the log: --log FILE")
    rounds = []
    for _ in range(args.rounds):
        if args.anew:
            for path in pathlib.Path(args.data_dir).glob("sessions.checkpoint*"):
                path.unlink()
        child, took = start(args)
        time.sleep(args.settle)
        if args.stop == "usr2":
            took["pause_s"] = hand_over(child, args)
        else:
            took["stop_s"] = stop(child, args.stop)
        rounds.append(took)
        print("  ".join(f"{name} {value:.3f}" for name, value in took.items()), flush=True)
    middle = {name: statistics.median(r[name] for r in rounds) for name in rounds[0]}
    print("median: " + "  ".join(f"{name} {value:.3f}" for name, value in middle.items()))
    if args.json:
        pathlib.Path(args.json).write_text(json.dumps({"rounds": rounds, "median": middle}), encoding="utf-8")


if __name__ == "__main__":
    main()
