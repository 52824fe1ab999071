"""Ten apps that wait: what a look at them costs."""

from .sleepers import sleepers, times_of_list

MEASURES = ("list-10", "list-10-cpu")


def run(session, plan, wanted):
    session.start(sleepers(session, 10))
    session.started(10)
    yield from times_of_list(session, 10, plan)
