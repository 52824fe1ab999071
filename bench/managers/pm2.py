"""PM2, from npm."""

from .ecosystem import Ecosystem


class Pm2(Ecosystem):
    """One daemon, in Node."""

    name = "pm2"
    home_variable = "PM2_HOME"

    def find(self, tools):
        return tools.pm2

    def is_own(self, command_line):
        return "God Daemon" in command_line
