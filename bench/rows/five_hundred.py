"""Five hundred apps that wait: the manager's memory."""

import time

import proc

from .sleepers import sleepers

MEASURES = ("memory-500",)


def run(session, plan, wanted):
    session.start(sleepers(session, 500))
    session.started(500)
    time.sleep(plan.settle_s)
    yield "memory-500", proc.rss_mb(session.manager.own_pids())
