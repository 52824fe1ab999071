"""Ten Node servers, each with its port: until they accept, and until a killed one answers."""

import http.client
import os
import signal
import time

from managers.adapter import App
from session import Stuck, free_ports

MEASURES = ("servers-up", "servers-again")


def run(session, plan, wanted):
    program = str(session.tools.program("server.js"))
    ports = {f"server-{number}": port for number, port in enumerate(free_ports(10))}
    apps = [App(name, ["node", program, str(port), name, str(session.times)])
            for name, port in ports.items()]
    began_ns = session.start(apps)
    starts = session.started(10)
    yield "servers-up", (max(ns for _, _, ns in starts) - began_ns) / 1e6
    for port in ports.values():
        if not answers(port):
            raise Stuck(f"the server at {port} says it listens, and does not answer")
    if "servers-again" in wanted:
        time.sleep(plan.settle_s)
        for name, pid, _ in starts:
            yield "servers-again", until_answer(ports[name], pid)


def until_answer(port, pid):
    """Kills a server; gives the time until its port answers a request, ms."""
    killed_ns = time.monotonic_ns()
    os.kill(pid, signal.SIGKILL)
    while not answers(port):
        if time.monotonic_ns() - killed_ns > 30e9:
            raise Stuck(f"nothing answers at {port} 30 s after the server was killed")
        time.sleep(0.001)
    return (time.monotonic_ns() - killed_ns) / 1e6


def answers(port):
    """Whether a request is answered now; not so when the connection is refused or lost."""
    request = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        request.request("GET", "/")
        return request.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        request.close()
