"""A hundred apps, and somebody who looks at all of them: what that costs the manager."""

import http.client
import subprocess
import threading
import time

import proc
from session import Stuck, free_ports

from .hundred import idle
from .sleepers import sleepers

MEASURES = ("watched", "watched-memory")
# How often one who looks sees new figures.
EVERY_S = 2.0


def run(session, plan, wanted):
    session.start(sleepers(session, 100))
    session.started(100)
    looks = look(session)
    try:
        time.sleep(plan.settle_s)
        before, pids = looks.seen, session.manager.own_pids()
        yield "watched", idle(pids, plan.idle_s)
        yield "watched-memory", proc.pss_mb(pids)
        if looks.seen - before < plan.idle_s / EVERY_S / 2:
            raise Stuck(f"seen {looks.seen - before} times in {plan.idle_s} s")
    finally:
        looks.end()


def look(session):
    """Somebody who has the manager's page open, or asks for the list where it has none."""
    port = free_ports(1)[0]
    page = session.manager.page(port)
    if page is None:
        return Looks(lambda looks: ask(session, looks))
    command, path = page
    session.run(command)
    return Looks(lambda looks: read(port, path, looks))


def ask(session, looks):
    """Only what the daemon does for it counts, not the command's own time."""
    done = subprocess.run(session.manager.list_command(), env=session.manager.env, timeout=60,
                          cwd=session.folder, stdin=subprocess.DEVNULL, capture_output=True,
                          check=True)
    looks.seen += bool(done.stdout)


def read(port, path, looks):
    """Reads Server-Sent Events until it is over."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path)
    response = connection.getresponse()
    while not looks.ended.is_set() and (line := response.readline()):
        looks.seen += line.startswith(b"event: overview")


class Looks:
    """Does `look` again and again in a thread of its own. `seen` counts how often all apps were
    told."""

    def __init__(self, look):
        self.seen = 0
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.run, args=(look,), daemon=True)
        self.thread.start()

    def run(self, look):
        while not self.ended.is_set():
            try:
                look(self)
            except (OSError, http.client.HTTPException, subprocess.SubprocessError):
                # A page is not up at once; who never sees anything is found by `seen`.
                pass
            self.ended.wait(EVERY_S)

    def end(self):
        self.ended.set()
        self.thread.join(timeout=90)
