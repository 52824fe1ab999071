"""No manager: a C program that starts, waits and starts again. The floor of what is possible."""

import subprocess

from .adapter import Adapter


class Bare(Adapter):
    """`programs/launcher.c`. Apps write to their logs themselves; `list` is /bin/true."""

    name = "bare"

    def __init__(self, folder, tools, env):
        super().__init__(folder, tools, env)
        self.process = None

    def configure(self, apps):
        lines = ("\t".join([str(self.log_file(app.name)), *app.argv]) for app in apps)
        (self.folder / "list").write_text("\n".join(lines) + "\n")
        # The launcher stays in front; `sh` puts it behind.
        launcher = f"'{self.tools.launcher}' '{self.folder}/list'"
        return ["sh", "-c", f"{launcher} </dev/null >/dev/null 2>&1 &"]

    def list_command(self):
        return ["true"]

    def stop_command(self):
        return ["kill", *map(str, self.own_pids())]

    def shutdown(self):
        try:
            subprocess.run(self.stop_command(), check=True)
        except OSError:
            pass  # the row stopped it

    def is_own(self, command_line):
        return command_line.startswith(str(self.tools.launcher))
