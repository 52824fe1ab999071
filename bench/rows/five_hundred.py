"""Five hundred apps that wait: the manager's memory."""

import time

from .sleepers import memory, sleepers

MEASURES = ("memory-500", "memory-500-pss")


def run(session, plan, wanted):
    session.start(sleepers(session, 500))
    session.started(500)
    time.sleep(plan.settle_s)
    yield from memory(session, 500)
