"""Installs what is compared into `.cache`, once, in versions that are written down here."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

BENCH = Path(__file__).resolve().parent
CACHE = BENCH / ".cache"
PM2_VERSION = "7.0.4"
LOGROTATE_VERSION = "3.0.0"
SUPERVISOR_VERSION = "4.3.0"


class Tools:
    """Where the programs are, installed and built when first asked for."""

    bench = BENCH

    def __init__(self, managers, rpm=None):
        CACHE.mkdir(exist_ok=True)
        install_packages()
        self.launcher = self.program("launcher")
        for name in ("sleeper", "writer"):
            self.program(name)
        if "rpm" in managers:
            self.rpm = Path(rpm).resolve() if rpm else build_rpm()
        if "pm2" in managers:
            self.pm2 = install_pm2()
        if "supervisord" in managers:
            self.supervisord, self.supervisorctl = install_supervisor()

    def program(self, name):
        """An app of the benchmark: a script as it is, or a C program, built when it changed."""
        source = BENCH / "programs" / name
        if source.exists():
            return source
        source = source.with_suffix(".c")
        built = CACHE / name
        if not built.exists() or built.stat().st_mtime < source.stat().st_mtime:
            step("cc", "-O2", "-Wall", "-Werror", "-D_GNU_SOURCE", "-static", "-o", built, source)
        return built

    def pm2_logrotate(self):
        """A home of PM2 into which `pm2-logrotate` was installed."""
        return install_logrotate(self.pm2)

    def versions(self):
        """What was compared, for the record."""
        return {"pm2": PM2_VERSION, "pm2-logrotate": LOGROTATE_VERSION,
                "supervisord": SUPERVISOR_VERSION,
                "node": text("node", "--version"),
                "rpm": text("git", "-C", BENCH, "describe", "--always", "--dirty")}


def install_packages():
    """Debian packages: the load generator, a compiler, Node."""
    wanted = {"wrk": ["wrk"], "cc": ["gcc", "libc6-dev"], "node": ["nodejs"], "npm": ["npm"]}
    packages = [each for program, names in wanted.items() if not shutil.which(program)
                for each in names]
    if packages:
        step("apt-get", "update", "-q")
        step("apt-get", "install", "-qy", "--no-install-recommends", *packages)


def install_pm2():
    """PM2 from npm; gives the words that begin its command."""
    folder = CACHE / f"pm2-{PM2_VERSION}"
    script = folder / "node_modules/pm2/bin/pm2"
    if not script.exists():
        step("npm", "install", "--prefix", folder, "--no-fund", "--no-audit", f"pm2@{PM2_VERSION}")
    return ["node", str(script)]


def install_logrotate(pm2):
    """The module, as PM2 itself installs it."""
    home = CACHE / f"pm2-logrotate-{LOGROTATE_VERSION}"
    if not (home / "module_conf.json").exists():
        env = os.environ | {"PM2_HOME": str(home)}
        for words in (["install", f"pm2-logrotate@{LOGROTATE_VERSION}"], ["kill"]):
            subprocess.run([*pm2, *words], env=env, check=True, stdout=sys.stderr)
    return home


def install_supervisor():
    """Supervisord from PyPI in a Python environment of its own; gives daemon and client."""
    folder = CACHE / f"supervisor-{SUPERVISOR_VERSION}"
    programs = [str(folder / "bin" / name) for name in ("supervisord", "supervisorctl")]
    if not all(map(os.path.exists, programs)):
        step(sys.executable, "-m", "venv", folder)
        step(folder / "bin/pip", "install", "-q", f"supervisor=={SUPERVISOR_VERSION}")
    return programs


def build_rpm():
    """The release build of this workspace."""
    root = BENCH.parent
    step("cargo", "build", "--release", "--bin", "rpm", "--manifest-path", root / "Cargo.toml")
    return Path(os.environ.get("CARGO_TARGET_DIR", root / "target"), "release/rpm").resolve()


def step(*argv):
    """Runs an installation's step; what it says goes to the terminal."""
    subprocess.run([str(word) for word in argv], check=True, stdout=sys.stderr)


def text(*argv):
    """What a command prints, or a question mark."""
    try:
        return subprocess.run([str(word) for word in argv], check=True, capture_output=True,
                              text=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "?"
