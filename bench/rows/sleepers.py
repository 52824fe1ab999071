"""Steps that several scenarios take with apps that only wait."""

from managers.adapter import App
import proc


def sleepers(session, count):
    """Apps that say when they began, and wait."""
    program = str(session.tools.program("sleeper"))
    names = (f"app-{number:03}" for number in range(count))
    return [App(name, [program, name, str(session.times)]) for name in names]


def times_of_list(session, count, plan):
    """Yields wall and CPU time of `list`, after one that warms the caches."""
    argv = session.manager.list_command()
    proc.run_timed(argv, session.manager.env)
    for _ in range(plan.list_times):
        wall_ms, cpu_ms = proc.run_timed(argv, session.manager.env)
        yield f"list-{count}", wall_ms
        yield f"list-{count}-cpu", cpu_ms


def memory(session, count):
    """Yields the memory of the manager's processes."""
    pids = session.manager.own_pids()
    yield f"memory-{count}", proc.rss_mb(pids)
    yield f"memory-{count}-pss", proc.pss_mb(pids)
