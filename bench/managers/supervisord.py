"""Supervisord, from PyPI."""

import subprocess

import proc

from .adapter import Adapter

HEAD = """\
[supervisord]
logfile={folder}/supervisord.log
pidfile={folder}/supervisord.pid
minfds=8192
[unix_http_server]
file={folder}/socket
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl=unix://{folder}/socket
"""

PROGRAM = """\
[program:{name}]
command={command}
stdout_logfile={log}
stdout_logfile_maxbytes=0
redirect_stderr=true
"""


class Supervisord(Adapter):
    """One daemon in Python; no cluster and no reload."""

    name = "supervisord"

    def configure(self, apps):
        parts = [HEAD.format(folder=self.folder)]
        parts += [PROGRAM.format(name=app.name, command=" ".join(app.argv),
                                 log=self.log_file(app.name)) for app in apps]
        self.config().write_text("".join(parts))
        return [self.tools.supervisord, "-c", str(self.config())]

    def config(self):
        """Its config file, which each command names."""
        return self.folder / "supervisord.conf"

    def control(self, *words):
        """A command of its client."""
        return [self.tools.supervisorctl, "-c", str(self.config()), *words]

    def list_command(self):
        return self.control("status")

    def stop_command(self):
        return self.control("stop", "all")

    def shutdown(self):
        daemon = proc.Watch(self.own_pids())
        subprocess.run(self.control("shutdown"), env=self.env, timeout=180,
                       stdin=subprocess.DEVNULL, capture_output=True, check=True)
        # The command only asks for it.
        if not daemon.ended(timeout_s=30):
            raise OSError("supervisord does not end")

    def is_own(self, command_line):
        return self.tools.supervisord in command_line
