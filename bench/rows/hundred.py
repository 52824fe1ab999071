"""A hundred apps that wait: starting, keeping, replacing and stopping them."""

import os
import signal
import time

import proc
from session import Stuck

from .sleepers import memory, sleepers, times_of_list

MEASURES = ("list-100", "list-100-cpu", "memory-100", "memory-100-pss", "idle", "sleepers-up",
            "successor", "stop")


def run(session, plan, wanted):
    began_ns = session.start(sleepers(session, 100))
    starts = session.started(100)
    yield "sleepers-up", (max(ns for _, _, ns in starts) - began_ns) / 1e6
    if wanted & {"memory-100", "memory-100-pss", "idle", "successor"}:
        time.sleep(plan.settle_s)
    if wanted & {"memory-100", "memory-100-pss"}:
        yield from memory(session, 100)
    if "idle" in wanted:
        yield "idle", idle(session.manager.own_pids(), plan.idle_s)
    if wanted & {"list-100", "list-100-cpu"}:
        yield from times_of_list(session, 100, plan)
    if "successor" in wanted:
        for name, pid, _ in starts[: plan.kills]:
            yield "successor", until_successor(session, name, pid)
    if "stop" in wanted:
        yield "stop", stop(session)


def idle(pids, length_s):
    """CPU time a second, ms, while nothing happens."""
    began_ns, before_ms = time.monotonic_ns(), proc.cpu_ms(pids)
    time.sleep(length_s)
    passed_s = (time.monotonic_ns() - began_ns) / 1e9
    return (proc.cpu_ms(pids) - before_ms) / passed_s


def until_successor(session, name, pid):
    """Kills one app; gives the time until its successor's own code ran, ms.

    Each app is killed once: the second death of one that has hardly lived is a crash loop, which
    managers slow down on purpose.
    """
    before = len(session.started(0))
    killed_ns = time.monotonic_ns()
    os.kill(pid, signal.SIGKILL)
    after = session.started(before + 1)
    again = [ns for other, _, ns in after[before:] if other == name]
    if len(again) != 1:
        raise Stuck(f"{name} was killed and {after[before:]} started")
    return (again[0] - killed_ns) / 1e6


def stop(session):
    """Stops all; gives the time until the command has returned and no app runs, ms."""
    latest = {name: pid for name, pid, _ in session.started(0)}
    watch = proc.Watch(latest.values())
    argv = session.manager.stop_command()
    began_ns = time.monotonic_ns()
    session.run(argv)
    if not watch.ended(timeout_s=60):
        raise Stuck("apps run on after `stop`")
    return (time.monotonic_ns() - began_ns) / 1e6
