"""One manager's run: a folder and a home of its own, and nothing left behind.

Every process of a run carries the run's folder in its environment, its command line or its
working directory. That is the marker by which a process that a manager leaves behind is found,
whoever its parent is.
"""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import proc


class Stuck(Exception):
    """Something that had to happen did not within its time."""


class Session:
    """A manager with its apps, from no daemon to nothing left."""

    def __init__(self, tools, manager_class):
        # Short: a socket's path has at most 107 bytes.
        self.folder = Path(tempfile.mkdtemp(prefix="rpmbench-"))
        self.times = self.folder / "times"
        self.times.touch()
        self.tools = tools
        self.manager = manager_class(self.folder, tools, environment(self.folder))
        self.left_behind = []

    def __enter__(self):
        return self

    def __exit__(self, kind, fault, trace):
        """Ends the manager in its own way, then sweeps and counts what it left."""
        try:
            self.manager.shutdown()
        except (Stuck, OSError, subprocess.SubprocessError) as error:
            self.left_behind.append(f"shutdown: {error}")
        for pid in self.processes_after(grace_s=2.0):
            self.left_behind.append(f"{pid}: {proc.command_line(pid)}")
        sweep(str(self.folder))
        shutil.rmtree(self.folder, ignore_errors=True)

    def processes_after(self, grace_s):
        """The marked processes that are still there after `grace_s`."""
        until = time.monotonic() + grace_s
        while (left := proc.marked(str(self.folder))) and time.monotonic() < until:
            time.sleep(0.02)
        return left

    def run(self, argv, timeout_s=180):
        """Runs one of the manager's commands to its end; its output goes to a file."""
        with open(self.folder / "commands.log", "ab") as log:
            done = subprocess.run(
                argv, env=self.manager.env, cwd=self.folder, timeout=timeout_s,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=False)
        if done.returncode != 0:
            tail = (self.folder / "commands.log").read_text(errors="replace")[-2000:]
            raise Stuck(f"{argv} exited with {done.returncode}:\n{tail}")

    def start(self, apps):
        """Starts the apps from no daemon; gives the moment (ns) the command was begun."""
        argv = self.manager.configure(apps)
        began_ns = time.monotonic_ns()
        self.run(argv)
        return began_ns

    def started(self, count, timeout_s=120):
        """Waits until the apps have written `count` lines in all; gives them as
        (name, pid, ns)."""
        until = time.monotonic() + timeout_s
        while True:
            text = self.times.read_text()
            lines = text[: text.rfind("\n") + 1].splitlines()
            if len(lines) >= count:
                break
            if time.monotonic() > until:
                raise Stuck(f"{len(lines)} of {count} starts after {timeout_s} s")
            time.sleep(0.002)
        split = (line.split() for line in lines)
        return [(name, int(pid), int(ns)) for name, pid, ns in split]


def environment(folder):
    """What a command of a run sees: nothing of the caller's but the way to programs."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "TZ") if name in os.environ}
    return kept | {"HOME": str(folder), "TERM": "dumb", "RPM_BENCH": str(folder)}


def sweep(marker):
    """Kills all that carry the marker until none is left: managers start each other again."""
    until = time.monotonic() + 10
    while left := proc.marked(marker):
        if time.monotonic() > until:
            raise SystemExit(f"processes of {marker} can't be ended: {left}")
        for pid in left:
            try:
                os.kill(pid, signal.SIGSTOP)
            except ProcessLookupError:
                pass
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        time.sleep(0.05)


def free_ports(count):
    """Ports that nothing listens on now."""
    sockets = [socket.create_server(("", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports
