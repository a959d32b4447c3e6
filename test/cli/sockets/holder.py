"""Holds TCP connections of its own on loopback as one line of JSON on stdin says, tells of them in one line, and ends with its stdin."""
import json
import os
import resource
import socket
import sys
import threading
import time

spec = json.loads(sys.stdin.readline())
limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
if "name" in spec:
    with open("/proc/self/comm", "w") as comm:
        comm.write(spec["name"])
family = socket.AF_INET6 if spec.get("v6") else socket.AF_INET
listener = socket.socket(family)
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(("::" if spec.get("v6") else "127.0.0.1", 0))
listener.listen(4096)
port = listener.getsockname()[1]
kept, told = [], []


def enable(client):
    client.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)


for wanted in spec["pairs"]:
    client = socket.socket(socket.AF_INET)
    for option, name in ((4, "idle"), (5, "interval"), (6, "count"), (18, "userTimeout")):
        if name in wanted:
            client.setsockopt(socket.IPPROTO_TCP, option, wanted[name])
    if wanted.get("enabled") and not wanted.get("late"):
        enable(client)
    client.connect(("127.0.0.1", port))
    if "receiveTimeout" in wanted:
        client.settimeout(None)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, wanted["receiveTimeout"].to_bytes(8, "little") + bytes(8))
    accepted = listener.accept()[0]
    kept.append((client, accepted))
    told.append({"port": client.getsockname()[1], "fd": client.fileno()})
time.sleep(spec.get("settleSeconds", 0))
for (client, accepted), wanted in zip(kept, spec["pairs"]):
    if wanted.get("late"):
        enable(client)
    if wanted.get("talk"):
        accepted.sendall(b"x")
    if wanted.get("blocked"):
        threading.Thread(target=client.recv, args=(1,), daemon=True).start()
child = None
if spec.get("fork"):
    child = os.fork()
    if child == 0:
        os.read(0, 1)
        os._exit(0)
print(json.dumps({"pid": os.getpid(), "child": child, "listens": port, "pairs": told}), flush=True)
sys.stdin.read()
