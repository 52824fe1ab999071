"""rpm, from this workspace."""

import subprocess

from .ecosystem import Ecosystem


class Rpm(Ecosystem):
    """The keeper, parent of all apps; the daemon; its guard; and the web page where it runs."""

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
        if command_line == "rpm: guard":
            return True
        program, *words = command_line.split(" ")
        return program.endswith("rpm") and words[:1] in (["keeper"], ["daemon"], ["web-server"])

    def page(self, port):
        return [*self.program, "web", str(port)], "/api/v1/stream"
