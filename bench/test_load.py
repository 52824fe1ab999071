"""The load client counts what a server does wrong, all of it and nothing else.

    python3 -m unittest discover bench
"""

import asyncio
import socket
import struct
import unittest

from load import Client

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"
LAST = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi"
BROKEN = b"HTTP/1.1 503 Busy\r\nContent-Length: 2\r\n\r\nno"
HALF = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nh"


async def counts_of(answers, keep):
    """Serves each answer once, in order, then refuses; gives what the client has counted.

    After HALF, LAST and "" the server closes; after None it resets.
    """
    counts, ended, left = {"answered": 0}, asyncio.Event(), list(answers)

    async def serve(reader, writer):
        try:
            while left and await reader.readuntil(b"\r\n\r\n"):
                answer = left.pop(0)
                if answer is None:
                    reset(writer)
                    return
                writer.write(answer)
                if answer in (HALF, LAST, b"") or not keep:
                    break
        except asyncio.IncompleteReadError:
            pass
        writer.close()
        if not left:
            ended.set()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        await asyncio.wait_for(Client(port, keep, counts).run(ended), 10)
    return counts


def reset(writer):
    """Ends the connection with a reset rather than an end of the stream."""
    linger_not = struct.pack("ii", 1, 0)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger_not)
    writer.transport.abort()


class Counts(unittest.TestCase):
    """One server's wrong each, between answers that are right."""

    def check(self, answers, keep, expected):
        self.assertEqual(asyncio.run(counts_of(answers, keep)), expected)

    def test_right_answers_are_no_failures(self):
        self.check([OK, CHUNKED, LAST, OK], True, {"answered": 4})
        self.check([OK, CHUNKED, OK], False, {"answered": 3})

    def test_an_end_before_the_answer_counts(self):
        self.check([OK, b"", OK], True, {"answered": 2, "eof": 1})

    def test_an_end_within_the_answer_counts(self):
        self.check([OK, HALF, OK], False, {"answered": 2, "eof": 1})

    def test_a_reset_counts(self):
        self.check([OK, None, OK], True, {"answered": 2, "reset": 1})

    def test_another_status_counts(self):
        self.check([OK, BROKEN, OK], True, {"answered": 2, "status": 1})

    def test_a_refused_connection_counts(self):
        async def refused():
            counts, ended = {"answered": 0}, asyncio.Event()
            server = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)
            port = server.sockets[0].getsockname()[1]
            server.close()
            await server.wait_closed()
            asyncio.get_running_loop().call_later(0.005, ended.set)
            await Client(port, False, counts).run(ended)
            return counts

        self.assertEqual(asyncio.run(refused()), {"answered": 0, "refused": 1})


if __name__ == "__main__":
    unittest.main()
