#!/usr/bin/env python3
"""Runs process managers side by side and prints what each costs. See README.md."""

import argparse
import os
import subprocess
import sys
from pathlib import Path

import cache
from managers import ALL
from results import Results
from rows import MEASURES, SCENARIOS, Plan
from session import Session, Stuck

QUICK = Plan(list_times=3, settle_s=1.5, idle_s=3, kills=3, lines=100_000, load_s=1, reloads=2)


def main():
    arguments = parse()
    tools = cache.Tools(arguments.managers, arguments.rpm)
    if arguments.realtime:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    results = Results(arguments.managers, tools.versions())
    plan = QUICK if arguments.quick else Plan()
    wanted = {name for name in MEASURES
              if not arguments.only or any(name.startswith(row) for row in arguments.only)}
    try:
        for scenario in SCENARIOS:
            measure(scenario, arguments, tools, plan, wanted, results)
    except KeyboardInterrupt:
        results.fault("interrupted")
    print(f"\n{results.table()}\n")
    results.write(arguments.out)
    print(f"values: {arguments.out}")
    return 1 if results.faults else 0


def measure(scenario, arguments, tools, plan, wanted, results):
    """Takes a scenario's measures; the managers take turns within each repetition."""
    if not wanted.intersection(scenario.MEASURES):
        return
    for repetition in range(arguments.reps):
        for name in arguments.managers:
            rows = ALL[name].rows
            mine = {each for each in wanted.intersection(scenario.MEASURES)
                    if each.startswith(rows)}
            if mine:
                title = scenario.__name__.rpartition(".")[2]
                print(f"{title} {repetition + 1}/{arguments.reps}: {name}", flush=True)
                run_once(scenario, ALL[name], tools, plan, mine, results)


def run_once(scenario, manager, tools, plan, wanted, results):
    """One manager's session of a scenario. Its failure is recorded and ends only itself."""
    with Session(tools, manager) as session:
        try:
            for name, value in scenario.run(session, plan, wanted):
                if name in wanted:
                    results.add(name, manager.name, value)
        except (Stuck, OSError, subprocess.SubprocessError) as error:
            results.fault(f"{manager.name}, {scenario.__name__}: {error}")
    for left in session.left_behind:
        results.fault(f"{manager.name}, {scenario.__name__}, left behind: {left}")


def parse():
    names = list(ALL)
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", type=comma, default=[], metavar="ROW,…",
                        help="rows whose name begins so: " + ", ".join(MEASURES))
    parser.add_argument("--managers", type=comma, default=names, metavar="NAME,…",
                        help="of " + ", ".join(names))
    parser.add_argument("--reps", type=int, default=5, metavar="N",
                        help="repetitions (default 5)")
    parser.add_argument("--quick", action="store_true",
                        help="short windows and few kills: to see that it works, not to compare")
    parser.add_argument("--realtime", action="store_true",
                        help="everything at a real-time priority: other work disturbs less")
    parser.add_argument("--rpm", metavar="PATH", help="this binary instead of a release build")
    parser.add_argument("--out", type=Path, default=cache.CACHE / "results.json",
                        metavar="FILE", help="where the values go, as JSON")
    arguments = parser.parse_args()
    for unknown in set(arguments.managers) - set(names):
        parser.error(f"no manager is called {unknown}: there are {', '.join(names)}")
    for row in arguments.only:
        if not any(name.startswith(row) for name in MEASURES):
            parser.error(f"no row begins with {row}: there are {', '.join(MEASURES)}")
    return arguments


def comma(text):
    return [word for word in text.split(",") if word]


if __name__ == "__main__":
    sys.exit(main())
