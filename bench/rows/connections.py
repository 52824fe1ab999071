"""A cluster of four workers, and a new connection for each request."""

import re
import subprocess

from managers.adapter import App
import proc
from session import Stuck, free_ports

MEASURES = ("connections", "connections-cpu", "connections-failed")
WORKERS = 4


def run(session, plan, wanted):
    [port] = free_ports(1)
    program = str(session.tools.program("server.js"))
    words = ["node", program, str(port), "cluster", str(session.times)]
    session.start([App("cluster", words, workers=WORKERS)])
    session.started(WORKERS)
    wrk(port, 1)  # warms the workers' code
    pids = session.manager.own_pids()
    before_ms = proc.cpu_ms(pids)
    requests, seconds, failed = wrk(port, plan.load_s)
    yield "connections", requests / seconds
    yield "connections-cpu", (proc.cpu_ms(pids) - before_ms) / requests * 10_000
    yield "connections-failed", failed


def wrk(port, length_s):
    """Runs wrk with 32 clients; gives requests, seconds and failures."""
    argv = ["wrk", "-t1", "-c32", f"-d{length_s:.0f}s", "-H", "Connection: close",
            f"http://127.0.0.1:{port}/"]
    text = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    found = re.search(r"(\d+) requests in ([\d.]+)s", text)
    if not found or int(found[1]) == 0:
        raise Stuck(f"wrk had no answer:\n{text}")
    errors = re.search(r"connect (\d+), read (\d+), write (\d+), timeout (\d+)", text)
    others = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    failed = sum(map(int, errors.groups())) if errors else 0
    return int(found[1]), float(found[2]), failed + (int(others[1]) if others else 0)
