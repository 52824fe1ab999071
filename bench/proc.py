"""What the kernel says of processes. No figure here is a manager's own word."""

import os
import select
import time
from pathlib import Path

PAGE = os.sysconf("SC_PAGE_SIZE")


def marked(marker):
    """The processes that carry `marker` in environment, command line or working directory."""
    wanted = marker.encode()
    found = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit() or int(entry) == os.getpid():
            continue
        try:
            folder = Path("/proc", entry)
            if state(entry) == "Z":
                continue
            text = (folder / "environ").read_bytes() + (folder / "cmdline").read_bytes()
            if wanted in text or os.readlink(folder / "cwd").startswith(marker):
                found.append(int(entry))
        except OSError:
            continue
    return found


def state(pid):
    """The state's letter; the command's name before it may hold blanks and parentheses."""
    stat = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    return stat.rpartition(")")[2].split()[0]


def command_line(pid):
    """The words of the process's command."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
    except OSError:
        return "(ended)"


def rss_mb(pids):
    """Resident memory of all of them, MB. Shared pages count for each."""
    pages = sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in pids)
    return pages * PAGE / 1e6


def pss_mb(pids):
    """Memory of all of them, MB, each page divided among those that share it."""
    rollups = (Path(f"/proc/{pid}/smaps_rollup").read_text() for pid in pids)
    lines = (line.split() for rollup in rollups for line in rollup.splitlines())
    return sum(int(words[1]) for words in lines if words[0] == "Pss:") * 1024 / 1e6


def cpu_ms(pids):
    """CPU time of all of them, ended threads included, in ms with nanosecond steps.

    The process's CPU clock rather than utime and stime of /proc/PID/stat, which count in 10 ms;
    the number of the clock is made as clock_getcpuclockid(3) does.
    """
    return sum(time.clock_gettime_ns((~pid << 3) | 2) for pid in pids) / 1e6


def run_timed(argv, env):
    """Runs a command with its output thrown away; gives (wall ms, CPU ms)."""
    quiet = [(os.POSIX_SPAWN_OPEN, fd, "/dev/null", os.O_RDWR, 0) for fd in (0, 1, 2)]
    began_ns = time.monotonic_ns()
    pid = os.posix_spawnp(argv[0], argv, env, file_actions=quiet)
    _, status, usage = os.wait4(pid, 0)
    wall_ms = (time.monotonic_ns() - began_ns) / 1e6
    if status != 0:
        raise OSError(f"{argv} ended with status {status}")
    return wall_ms, (usage.ru_utime + usage.ru_stime) * 1e3


class Watch:
    """Waits for processes to end by their pidfds, opened while they live."""

    def __init__(self, pids):
        self.open = {os.pidfd_open(pid) for pid in pids}

    def ended(self, timeout_s):
        """Waits for all; gives whether all have ended in time."""
        poll = select.poll()
        for pidfd in self.open:
            poll.register(pidfd, select.POLLIN)
        until = time.monotonic() + timeout_s
        while self.open and (left_s := until - time.monotonic()) > 0:
            for pidfd, _ in poll.poll(left_s * 1e3):
                poll.unregister(pidfd)
                self.open.discard(pidfd)
                os.close(pidfd)
        return not self.open
