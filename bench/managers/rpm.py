"""rpm, from this workspace."""

from .ecosystem import Ecosystem


class Rpm(Ecosystem):
    """Two processes: the keeper, parent of all apps, and the daemon."""

    name = "rpm"
    home_variable = "RPM_HOME"

    def find(self, tools):
        return [str(tools.rpm)]

    def is_own(self, command_line):
        program, *words = command_line.split(" ")
        return program.endswith("rpm") and words[:1] in (["keeper"], ["daemon"])
