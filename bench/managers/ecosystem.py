"""What PM2 and `rpm` have in common: config file and commands."""

import json
import subprocess

from .adapter import Adapter


class Ecosystem(Adapter):
    """A manager with PM2's command line. `program` holds the words that begin its command."""

    rows = (*Adapter.rows, "connections", "reload", "rotation", "watched")
    home_variable = ""

    def __init__(self, folder, tools, env):
        super().__init__(folder, tools, env | {self.home_variable: str(folder / "home")})
        self.program = self.find(tools)

    def find(self, tools):
        """The words that begin the manager's command."""
        raise NotImplementedError

    def configure(self, apps):
        path = self.folder / "ecosystem.json"
        path.write_text(json.dumps({"apps": [self.record(app) for app in apps]}))
        return [*self.program, "start", str(path)]

    def record(self, app):
        """One app as the config file has it."""
        node = app.argv[0] == "node"
        words = app.argv[1:] if node else app.argv
        record = {
            "name": app.name,
            "script": words[0],
            "args": words[1:],
            "out_file": str(self.log_file(app.name)),
            "error_file": str(self.log_file(app.name)),
            "merge_logs": True,
        }
        if not node:
            record["interpreter"] = "none"
        if app.dated:
            record["log_date_format"] = "YYYY-MM-DD HH:mm:ss.SSS"
        if app.workers:
            record |= {"exec_mode": "cluster", "instances": app.workers}
        return record

    def rotate(self, settings):
        """The commands that set when logs are rotated, before anything runs."""
        return [[*self.program, "set", f"pm2-logrotate:{name}", value]
                for name, value in settings.items()]

    def page(self, port):
        """The command that serves what is known of all apps on a port, and the path of the stream
        that somebody who looks at it reads; None where there is no such page."""
        return None

    def list_command(self):
        return [*self.program, "list"]

    def stop_command(self):
        return [*self.program, "stop", "all"]

    def reload_command(self, name):
        return [*self.program, "reload", name]

    def shutdown(self):
        subprocess.run([*self.program, "kill"], env=self.env, cwd=self.folder, timeout=180,
                       stdin=subprocess.DEVNULL, capture_output=True, check=True)
