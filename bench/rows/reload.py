"""Ten reloads of a cluster of two under load: what clients notice."""

import json
import subprocess
import sys
import time

from managers.adapter import App
from session import Stuck, free_ports

MEASURES = ("reload-close", "reload-close-of", "reload-keep", "reload-keep-of", "reload-time")
WORKERS = 2


def run(session, plan, wanted):
    [port] = free_ports(1)
    program = str(session.tools.program("server.js"))
    words = ["node", program, str(port), "cluster", str(session.times)]
    session.start([App("cluster", words, workers=WORKERS)])
    session.started(WORKERS)
    for kind in ("close", "keep"):
        if f"reload-{kind}" in wanted:
            failed, requests, times_ms = under_load(session, plan, port, kind)
            yield f"reload-{kind}", failed
            yield f"reload-{kind}-of", requests
            for each in times_ms:
                yield "reload-time", each


def under_load(session, plan, port, kind):
    """Reloads while clients ask; gives failures, requests and the time of each reload, ms."""
    client = session.tools.bench / "load.py"
    argv = [sys.executable, str(client), str(port), str(plan.connections), kind]
    times_ms = []
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as load:
        try:
            time.sleep(1)
            for _ in range(plan.reloads):
                before = len(session.started(0))
                began_ns = time.monotonic_ns()
                session.run(session.manager.reload_command("cluster"))
                times_ms.append((time.monotonic_ns() - began_ns) / 1e6)
                session.started(before + WORKERS)
            time.sleep(1)
            out, _ = load.communicate(timeout=60)
        finally:
            load.kill()
    counts = json.loads(out)
    answered = counts.pop("answered")
    if answered == 0:
        raise Stuck(f"no request was answered: {counts}")
    failed = sum(counts.values())
    if failed:
        print(f"    {session.manager.name}, {kind}: {counts}", flush=True)
    return failed, answered + failed, times_ms
