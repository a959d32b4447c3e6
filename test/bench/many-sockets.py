"""Holds loopback connections for `npm run bench`: both ends of each, in processes of 5,000 connections, until stdin ends. Arguments: how many."""
import os
import resource
import socket
import sys

PER_PROCESS = 5000
count = int(sys.argv[1])
limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
ready, done = os.pipe()
for number, start in enumerate(range(0, count, PER_PROCESS)):
    if os.fork() == 0:
        os.close(ready)
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Each process has an address of its own: the ports of one would not be enough for all.
        listener.bind((f"127.7.0.{number + 1}", 7000))
        listener.listen(4096)
        kept = []
        for _ in range(min(PER_PROCESS, count - start)):
            client = socket.socket()
            client.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            client.connect(listener.getsockname())
            kept.append((client, listener.accept()[0]))
        os.write(done, b".")
        sys.stdin.buffer.raw.read()
        os._exit(0)
os.close(done)
for _ in range(0, count, PER_PROCESS):
    if os.read(ready, 1) == b"":
        sys.exit("a process could not hold its connections")
print("ready", flush=True)
sys.stdin.buffer.raw.read()
