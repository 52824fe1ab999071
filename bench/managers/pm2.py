"""PM2, from npm."""

import shutil

from .ecosystem import Ecosystem


class Pm2(Ecosystem):
    """One daemon, in Node; where logs are rotated, a module beside it."""

    name = "pm2"
    home_variable = "PM2_HOME"

    def rotate(self, settings):
        """The module is installed into the home; the first command of PM2 starts it."""
        installed, home = self.tools.pm2_logrotate(), self.folder / "home"
        shutil.copytree(installed / "modules", home / "modules", symlinks=True)
        shutil.copy(installed / "module_conf.json", home)
        return super().rotate(settings)

    def find(self, tools):
        return tools.pm2

    def is_own(self, command_line):
        return "God Daemon" in command_line or "pm2-logrotate" in command_line
