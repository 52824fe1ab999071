"""An exact HTTP client: it counts each request that is not answered, and retries none.

usage: load.py PORT CONNECTIONS close|keep

It asks until its standard input ends, then prints what it counted as JSON. A connection that the
server has closed before the client writes to it is no failure: a client sees that and opens
another, as every pool of connections does. One that ends after a request was begun is.
"""

import asyncio
import json
import sys

TIMEOUT_S = 5


class Failed(Exception):
    """A request without its answer, and the word under which it is counted."""


class Client:
    """One connection at a time, one request after the other."""

    def __init__(self, port, keep, counts):
        self.port = port
        self.counts = counts
        self.keep = keep
        fields = f"Host: localhost\r\nConnection: {'keep-alive' if keep else 'close'}"
        self.text = f"GET / HTTP/1.1\r\n{fields}\r\n\r\n".encode()
        self.reader = self.writer = None

    async def run(self, ended):
        while not ended.is_set():
            try:
                async with asyncio.timeout(TIMEOUT_S):
                    await self.request()
                self.counts["answered"] += 1
            except TimeoutError:
                self.fail("timeout")
            except ConnectionRefusedError:
                self.fail("refused")
                await asyncio.sleep(0.01)  # refusals come at once: don't take the whole processor
            except (ConnectionResetError, BrokenPipeError):
                self.fail("reset")
            except (asyncio.IncompleteReadError, EOFError):
                self.fail("eof")
            except Failed as failed:
                self.fail(str(failed))
        self.close()

    async def request(self):
        if self.writer and self.reader.at_eof():
            self.close()
        if not self.writer:
            self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        self.writer.write(self.text)
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        if not head.startswith("http/1.1 200"):
            raise Failed("status")
        fields = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if line)
        await self.body(fields)
        if not self.keep or fields.get("connection") == "close":
            self.close()

    async def body(self, fields):
        if "content-length" in fields:
            await self.reader.readexactly(int(fields["content-length"]))
            return
        while size := int(await self.reader.readline() or b"", 16):
            await self.reader.readexactly(size + 2)
        await self.reader.readexactly(2)

    def fail(self, word):
        self.counts[word] = self.counts.get(word, 0) + 1
        self.close()

    def close(self):
        if self.writer:
            self.writer.close()
        self.reader = self.writer = None


async def main(port, connections, kind):
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_reader(sys.stdin.fileno(), ended.set)
    counts = {"answered": 0}
    clients = [Client(port, kind == "keep", counts) for _ in range(connections)]
    await asyncio.gather(*(client.run(ended) for client in clients))
    print(json.dumps(counts))


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]))
