"""What is measured. A scenario brings a manager up once and takes several measures of it.

A scenario is a function of a `Session`, a `Plan` and the names of the measures that are wanted;
it yields (measure, value) as often as it likes. Medians are taken over all values of all
repetitions.
"""

from . import (connections, five_hundred, hundred, logs, reload, rotation, servers, ten,
               watched)
from .measure import Measure, Plan

SCENARIOS = (ten, hundred, watched, five_hundred, servers, logs, rotation, connections, reload)

MEASURES = {
    each.name: each
    for each in (
        Measure("list-10", "`list`, 10 apps", "ms", 3),
        Measure("list-10-cpu", "… CPU of the command", "ms", 2),
        Measure("list-100", "`list`, 100 apps", "ms", 4),
        Measure("list-100-cpu", "… CPU of the command", "ms", None),
        Measure("memory-100", "memory with 100 apps", "MB", 8),
        Measure("memory-100-pss", "… shared pages counted once", "MB", None),
        Measure("memory-500", "memory with 500 apps", "MB", 15),
        Measure("memory-500-pss", "… shared pages counted once", "MB", None),
        Measure("idle", "idle CPU with 100 apps", "ms/s", 0.5),
        Measure("watched", "CPU with 100 apps while a page of them is open", "ms/s", 10),
        Measure("watched-memory", "… memory, shared pages counted once", "MB", 25),
        Measure("servers-up", "ten Node servers accepting, from no daemon", "ms", "bare"),
        Measure("sleepers-up", "100 sleepers up, from no daemon", "ms", 120),
        Measure("successor", "SIGKILL until the successor runs", "ms", 2),
        Measure("servers-again", "SIGKILL until a Node server answers", "ms", "bare"),
        Measure("log-rate", "1,000,000 lines of 100 bytes logged", "MB/s", 95, more_is_better=True),
        Measure("log-cpu", "… CPU of the manager", "s", 0.2),
        Measure("log-missing", "… lines missing, torn or out of order", "lines", 0),
        Measure("rotation-time", "the same with time stamps, rotated at 10 MB and compressed", "s",
                "pm2", share=1),
        Measure("rotation-cpu", "… CPU of the manager and its module", "s", "pm2", share=0.1),
        Measure("rotation-missing", "… lines missing or double", "lines", 0),
        Measure("rotation-files", "… files", "", None),
        Measure("stop", "stop all of 100", "ms", 120),
        Measure("connections", "short connections, 4 workers", "1/s", 5000, more_is_better=True),
        Measure("connections-cpu", "… CPU of the manager per 10,000", "ms", 340),
        Measure("connections-failed", "… failed", "", 0),
        Measure("reload-close", "failed in 10 reloads, a connection each", "", 0),
        Measure("reload-close-of", "… of requests", "", None),
        Measure("reload-keep", "failed in 10 reloads, keep-alive", "", 0),
        Measure("reload-keep-of", "… of requests", "", None),
        Measure("reload-time", "one reload of 2 workers", "ms", None),
    )
}
