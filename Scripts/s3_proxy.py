#!/usr/bin/env python3
"""A proxy before a store that speaks S3, which treats requests badly: some it drops, of some it drops
the answer, some it delays, and some it sends twice and tells of the second. On loopback, for tests.
"""

import asyncio
import multiprocessing
import random
import socket

READ_SECONDS_MAX = 120


class Proxy:
    """In a process of its own, from `start` to `stop`; `faults` of a thousand requests suffer one.

    `log` is a file that gets a line for each answer: method, path, status and bytes of the body.
    """

    def __init__(self, upstream_port, faults, seed, log=None):
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(256)
        self.port = self.listener.getsockname()[1]
        self.counts = multiprocessing.get_context("fork").Array("i", len(KINDS) + 1)
        self.process = multiprocessing.get_context("fork").Process(
            target=serve, args=(self.listener, upstream_port, faults, seed, self.counts, log),
            daemon=True)

    def start(self):
        self.process.start()
        self.listener.close()

    def stop(self):
        self.process.terminate()
        self.process.join(10)

    def report(self):
        kinds = ", ".join(f"{count} {kind}" for kind, count in zip(KINDS, self.counts[1:]))
        return f"{self.counts[0]} requests to the store: {kinds}"


KINDS = ["dropped", "answers dropped", "delayed", "doubled"]


def serve(listener, upstream_port, faults, seed, counts, log=None):
    dice = random.Random(seed)
    lines = open(log, "ab", buffering=0) if log else None

    def note(request, answer):
        method, path = request.split(b" ", 2)[:2]
        body = len(answer) - answer.index(b"\r\n\r\n") - 4
        lines.write(b"%s %s %s %d\n" % (method, path, answer.split(b" ", 2)[1], body))

    async def handle(reader, writer):
        # One upstream connection for each client connection.
        upstream = None
        try:
            while True:
                request = await read_message(reader)
                if request is None:
                    return
                counts[0] += 1
                fault = dice.randrange(4) if dice.randrange(1000) < faults else None
                if fault is not None:
                    counts[1 + fault] += 1
                if fault == 0:
                    return
                if fault == 2:
                    await asyncio.sleep(dice.random() * 1.5)
                if upstream is None:
                    upstream = await asyncio.open_connection("127.0.0.1", upstream_port)
                is_head = request.startswith(b"HEAD ")
                for _ in range(2 if fault == 3 else 1):
                    upstream[1].write(request)
                    await upstream[1].drain()
                    answer = await read_message(upstream[0], is_answer=True, is_head=is_head)
                    if answer is None:
                        return
                if lines is not None:
                    note(request, answer)
                if fault == 1:
                    return
                writer.write(answer)
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError, asyncio.TimeoutError):
            pass
        finally:
            writer.close()
            if upstream is not None:
                upstream[1].close()

    async def main():
        server = await asyncio.start_server(handle, sock=listener, limit=1 << 20)
        async with server:
            await server.serve_forever()

    asyncio.run(main())


async def read_message(reader, is_answer=False, is_head=False):
    """A whole request or answer with its body; None at the end of the connection."""
    try:
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), READ_SECONDS_MAX)
    except asyncio.IncompleteReadError:
        return None
    lines = head.split(b"\r\n")
    fields = dict(line.lower().split(b":", 1) for line in lines[1:] if b":" in line)
    status = int(lines[0].split(b" ")[1]) if is_answer else 0
    if is_head or status in (204, 304):
        return head
    if b"chunked" in fields.get(b"transfer-encoding", b""):
        body = b""
        while True:
            line = await reader.readuntil(b"\r\n")
            size = int(line.split(b";")[0], 16)
            body += line + await reader.readexactly(size + 2)
            if size == 0:
                return head + body
    length = int(fields.get(b"content-length", b"0"))
    return head + await asyncio.wait_for(reader.readexactly(length), READ_SECONDS_MAX)
