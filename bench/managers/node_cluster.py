"""Node's own cluster, its primary in Node, without a process manager."""

import subprocess

from .adapter import Adapter


class NodeCluster(Adapter):
    """`programs/primary.js`: what a cluster costs where Node itself gives out connections."""

    name = "node-cluster"
    rows = ("connections",)

    def configure(self, apps):
        [app] = apps
        words = ["node", str(self.tools.program("primary.js")), str(app.workers), *app.argv[1:]]
        quoted = " ".join(f"'{word}'" for word in words)
        return ["sh", "-c", f"{quoted} </dev/null >'{self.log_file(app.name)}' 2>&1 &"]

    def shutdown(self):
        subprocess.run(["kill", *map(str, self.own_pids())], check=True)

    def is_own(self, command_line):
        return "primary.js" in command_line
