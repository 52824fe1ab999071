"""A million lines from one app: how fast they are in its log, and what that costs."""

import os
import time

from managers.adapter import App
import proc
from session import Stuck

MEASURES = ("log-rate", "log-cpu", "log-missing")
LINE = 100


def run(session, plan, wanted):
    go = session.folder / "go"
    os.mkfifo(go)
    program = str(session.tools.program("writer"))
    words = [program, str(plan.lines), "writer", str(session.times), str(go)]
    session.start([App("writer", words)])
    session.started(1)
    log = session.manager.log_file("writer")
    pids = session.manager.own_pids()
    before_ms = proc.cpu_ms(pids)
    began_ns = time.monotonic_ns()
    os.close(os.open(go, os.O_WRONLY))
    seconds = (until_written(log, plan.lines * LINE) - began_ns) / 1e9
    yield "log-rate", plan.lines * LINE / 1e6 / seconds
    yield "log-cpu", (proc.cpu_ms(pids) - before_ms) / 1e3
    yield "log-missing", missing(log, plan.lines)


def until_written(log, size):
    """Waits until the file has `size` bytes; gives the moment, or the last at which it grew
    when it does not grow for 5 s."""
    last, grown_ns = 0, time.monotonic_ns()
    while last < size:
        now_ns = time.monotonic_ns()
        found = log.stat().st_size if log.exists() else 0
        if found > last:
            last, grown_ns = found, now_ns
        elif now_ns - grown_ns > 5e9:
            if last == 0:
                raise Stuck(f"nothing is written to {log}")
            break
        time.sleep(0.002)
    return grown_ns


def missing(log, count):
    """How many of the lines are not in the log, whole and in their place among the others."""
    expected, right = 0, 0
    with open(log, "rb") as lines:
        for line in lines:
            if len(line) != LINE or not line[:9].isdigit() or int(line[:9]) < expected:
                continue
            expected = int(line[:9]) + 1
            right += 1
    return count - right
