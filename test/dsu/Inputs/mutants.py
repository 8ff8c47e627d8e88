#!/usr/bin/env python3
"""Gives a running server many damaged versions of a patch to check: bytes changed at random, checksum repaired. The server has
to answer each request and to serve on.

usage: mutants.py DIR PATCH COUNT SEED
"""
import hashlib
import os
import random
import shutil
import socket
import struct
import subprocess
import sys
import tempfile

HEADER = 8 + 4 + 4 + 32  # of the container
CHECK, REPORT = 3, 5     # kinds of frames (dsu/format/protocol.h)


def mutate(good, randomness):
    data = bytearray(good)
    for _ in range(randomness.choice([1, 1, 1, 2, 4])):
        at = randomness.randrange(HEADER, len(data))
        kind = randomness.randrange(4)
        if kind == 0:
            data[at] = randomness.randrange(256)
        elif kind == 1:
            data[at] ^= 1 << randomness.randrange(8)
        elif kind == 2:
            data[at] = randomness.choice([0, 1, 0x7F, 0x80, 0xFF])
        else:
            other = randomness.randrange(HEADER, len(data))
            data[at:at + 4] = data[other:other + 4]
    data[16:HEADER] = hashlib.sha256(data[HEADER:]).digest()
    return bytes(data)


def check(path, patch):
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(20)
        s.connect(path)
        s.sendall(struct.pack("<IB", len(patch), CHECK) + patch)
        header = b""
        while len(header) < 5:
            piece = s.recv(5 - len(header))
            if not piece:
                return None
            header += piece
        length, kind = struct.unpack("<IB", header)
        body = b""
        while len(body) < length:
            piece = s.recv(length - len(body))
            if not piece:
                return None
            body += piece
    return body[1] if kind == REPORT else -1


def main():
    directory, name, count, seed = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    good = open(os.path.join(directory, name), "rb").read()
    randomness = random.Random(seed)
    runtime = tempfile.mkdtemp(prefix="pop-")
    server = subprocess.Popen([os.path.join(directory, "server")], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              env=dict(os.environ, XDG_RUNTIME_DIR=runtime))
    outcomes = {}
    try:
        server.stdout.readline()
        path = os.path.join(runtime, "popcorn", "%d.sock" % server.pid)
        for number in range(count):
            mutant = mutate(good, randomness)
            try:
                outcome = check(path, mutant)
            except OSError:
                outcome = None
            if outcome is None or server.poll() is not None:
                kept = os.path.join(directory, "killer-%d-%d.pup" % (seed, number))
                open(kept, "wb").write(mutant)
                sys.exit("mutants: the server did not survive %s (status %s)" % (kept, server.poll()))
            outcomes[outcome] = outcomes.get(outcome, 0) + 1
        server.stdin.write(b"still there\n")
        server.stdin.flush()
        print(server.stdout.readline().decode().strip())
        print("refused", outcomes.get(3, 0), "accepted", outcomes.get(2, 0), "of", count)
    finally:
        server.kill()
        shutil.rmtree(runtime)


main()
