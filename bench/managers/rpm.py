"""rpm, from this workspace. Its config is PM2's."""

from .pm2 import Pm2


class Rpm(Pm2):
    """Two processes: the keeper, parent of all apps, and the daemon."""

    name = "rpm"

    def __init__(self, folder, tools, env):
        super().__init__(folder, tools, env)
        del self.env["PM2_HOME"]
        self.env["RPM_HOME"] = str(folder / "home")
        self.program = [str(tools.rpm)]

    def is_own(self, command_line):
        program, *words = command_line.split(" ")
        return program.endswith("rpm") and words[:1] in (["keeper"], ["daemon"])
