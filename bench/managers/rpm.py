"""rpm, from this workspace."""

import subprocess

from .ecosystem import Ecosystem


class Rpm(Ecosystem):
    """Two processes: the keeper, parent of all apps, and the daemon."""

    name = "rpm"
    home_variable = "RPM_HOME"
    rotates = False

    def configure(self, apps):
        command = super().configure(apps)
        if not self.rotates:
            # Other rows read all lines from one file.
            subprocess.run([*self.program, "set", "pm2-logrotate:enabled", "false"], env=self.env,
                           stdin=subprocess.DEVNULL, capture_output=True, check=True)
        return command

    def rotate(self, settings):
        self.rotates = True
        return super().rotate(settings)

    def find(self, tools):
        return [str(tools.rpm)]

    def is_own(self, command_line):
        program, *words = command_line.split(" ")
        return program.endswith("rpm") and words[:1] in (["keeper"], ["daemon"])
