"""A million lines from one app through time stamps and log rotation with gzip: how long until all of
it is on the disk as it is to stay, what that costs, and whether every line is there."""

import gzip
import os
import time

from managers.adapter import App
import proc
from session import Stuck

MEASURES = ("rotation-time", "rotation-cpu", "rotation-missing", "rotation-files")
LINE = 100
# The module looks at sizes as often as it is told, at most once a second.
LOOKS_EVERY_S = 1
# Nothing has changed for so long: all is done.
QUIET_S = 5


def run(session, plan, wanted):
    go = session.folder / "go"
    os.mkfifo(go)
    settings = {"max_size": "10M", "retain": "all", "compress": "true",
                "workerInterval": str(LOOKS_EVERY_S)}
    for command in session.manager.rotate(settings):
        session.run(command)
    program = str(session.tools.program("writer"))
    words = [program, str(plan.lines), "writer", str(session.times), str(go)]
    session.start([App("writer", words, dated=True)])
    session.started(1)
    folder = session.manager.log_file("writer").parent
    pids = session.manager.own_pids()
    before_ms = proc.cpu_ms(pids)
    began_ns = time.monotonic_ns()
    os.close(os.open(go, os.O_WRONLY))
    ended_ns, after_ms = until_quiet(folder, pids)
    files = list(folder.iterdir())
    if len(files) < 2:
        raise Stuck(f"nothing was rotated: there is {files}")
    yield "rotation-time", (ended_ns - began_ns) / 1e9
    yield "rotation-cpu", (after_ms - before_ms) / 1e3
    yield "rotation-missing", missing(folder, plan.lines)
    yield "rotation-files", len(files)


def until_quiet(folder, pids):
    """Waits until nothing in the folder changes for a while; gives the moment of the last change,
    and the CPU time (ms) of the processes then."""
    last, changed_ns, cpu_ms = None, time.monotonic_ns(), 0
    while (now_ns := time.monotonic_ns()) - changed_ns < QUIET_S * 1e9:
        found = look(folder)
        if found != last:
            last, changed_ns, cpu_ms = found, now_ns, proc.cpu_ms(pids)
        time.sleep(0.01)
    return changed_ns, cpu_ms


def look(folder):
    """The names and sizes of what is there; what goes while it is looked at is a change too."""
    found = set()
    for entry in os.scandir(folder):
        try:
            found.add((entry.name, entry.stat().st_size))
        except FileNotFoundError:
            pass
    return found


def missing(folder, count):
    """How many of the lines are in no file as a whole, or in more than one."""
    times = bytearray(count)
    for path in folder.iterdir():
        opened = gzip.open(path) if path.suffix == ".gz" else open(path, "rb")
        with opened as lines:
            for line in lines:
                # The time stamp is before it.
                text = line[-LINE:]
                number = int(text[:9]) if len(text) == LINE and text[:9].isdigit() else count
                if number < count:
                    times[number] = min(times[number] + 1, 2)
    return count - times.count(1)
