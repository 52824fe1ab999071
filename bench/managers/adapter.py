"""What a manager has to offer to be measured."""

from dataclasses import dataclass
from pathlib import Path

import proc


@dataclass
class App:
    """Something to run: its name, its words, and as how many cluster workers (0: not a cluster)."""

    name: str
    argv: list
    workers: int = 0
    # Whether each line of its log has a time stamp.
    dated: bool = False


class Adapter:
    """A manager, in a folder of its own. Adapters say how; `Session` runs and waits."""

    name = ""
    # The measures that make sense for it: the names of `rows.MEASURES` begin with one of these.
    rows = ("list", "memory", "idle", "servers", "sleepers", "successor", "log", "stop")

    def __init__(self, folder: Path, tools, env: dict):
        self.folder = folder
        self.tools = tools
        self.env = env
        self.apps = []
        (folder / "logs").mkdir()

    def configure(self, apps):
        """Writes the manager's config; gives the command that starts all, from no daemon."""
        raise NotImplementedError

    def list_command(self):
        """The command that shows the apps."""
        raise NotImplementedError

    def stop_command(self):
        """The command that stops all apps."""
        raise NotImplementedError

    def reload_command(self, name):
        """The command that replaces an app's instances without a pause."""
        raise NotImplementedError

    def shutdown(self):
        """Ends apps and manager in the manager's own way."""
        raise NotImplementedError

    def is_own(self, command_line):
        """Whether a process with this command line is the manager's, not an app."""
        raise NotImplementedError

    def own_pids(self):
        """The manager's processes: found by the marker, told apart by the command line."""
        pids = [pid for pid in proc.marked(str(self.folder))
                if self.is_own(proc.command_line(pid))]
        if not pids:
            raise OSError(f"no process of {self.name} is running")
        return pids

    def log_file(self, name):
        """Where the standard output of an app goes."""
        return self.folder / "logs" / f"{name}.log"
