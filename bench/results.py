"""Values of a run: medians, ranges, the table and the JSON beside it."""

import json
import os
import platform
import statistics
import time

from rows import MEASURES


class Results:
    """All values by measure and manager."""

    def __init__(self, managers, versions):
        self.managers = managers
        self.values = {}
        self.faults = []
        self.about = {
            "date": time.strftime("%Y-%m-%d %H:%M"),
            "kernel": platform.release(),
            "processor": processor(),
            "cores": os.cpu_count(),
            "load_at_start": os.getloadavg()[0],
            "realtime": os.sched_getscheduler(0) == os.SCHED_RR,
            "versions": versions,
        }

    def add(self, measure, manager, value):
        self.values.setdefault(measure, {}).setdefault(manager, []).append(value)

    def fault(self, text):
        """Something that went wrong and belongs into the record."""
        self.faults.append(text)
        print(f"    FAULT {text}", flush=True)

    def table(self):
        """The table as Markdown: a measure a line, a manager a column."""
        head = ["", *self.managers, "target", "rpm / pm2"]
        lines = [row(head), row("---" for _ in head)]
        lines += [self.line(name) for name in MEASURES if name in self.values]
        return "\n".join(lines)

    def line(self, name):
        measure, values = MEASURES[name], self.values[name]
        title = f"{measure.title}, {measure.unit}" if measure.unit else measure.title
        cells = [cell(values.get(manager)) for manager in self.managers]
        return row([title, *cells, self.target(measure, values), ratio(values)])

    def target(self, measure, values):
        """What is to be reached, marked when the median does. Being as quick as another means
        to within a tenth, unless the measure says otherwise."""
        target = measure.target
        if target in values:
            target = statistics.median(values[target]) * measure.share
        if not isinstance(target, (int, float)):
            return ""
        if "rpm" not in values:
            return number(target)
        reached = statistics.median(values["rpm"])
        good = reached >= target if measure.more_is_better else reached <= target
        return f"{number(target)} {'✓' if good else '✗'}"

    def write(self, path):
        """Writes everything that was measured as JSON."""
        record = {"about": self.about, "values": self.values, "faults": self.faults}
        path.write_text(json.dumps(record, indent=1) + "\n")


def row(cells):
    return "| " + " | ".join(cells) + " |"


def cell(values):
    """Median, and the range when it is one."""
    if not values:
        return "–"
    median, low, high = (number(pick(values)) for pick in (statistics.median, min, max))
    return median if low == high else f"**{median}** {low}–{high}"


def ratio(values):
    """How rpm's median relates to PM2's."""
    if not ("rpm" in values and "pm2" in values):
        return ""
    mine, theirs = (statistics.median(values[name]) for name in ("rpm", "pm2"))
    return f"{mine / theirs:.2g}" if theirs else ""


def number(value):
    """Three digits that mean something."""
    if value >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def processor():
    """The processor's name as the kernel has it."""
    with open("/proc/cpuinfo") as lines:
        names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
