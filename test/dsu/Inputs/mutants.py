#!/usr/bin/env python3
"""Gives a running server many damaged versions of a patch to check: bytes changed at random, checksums repaired. The server has
to answer each request and to serve on.

usage: mutants.py DIR PATCH COUNT SEED
"""
import collections
import random
import sys

from running import CHECK, CONTAINER_HEADER, Server, with_checksum


def mutate(good, randomness):
    data = bytearray(good)
    for _ in range(randomness.choice([1, 1, 1, 2, 4])):
        at = randomness.randrange(CONTAINER_HEADER, len(data))
        kind = randomness.randrange(4)
        if kind == 0:
            data[at] = randomness.randrange(256)
        elif kind == 1:
            data[at] ^= 1 << randomness.randrange(8)
        elif kind == 2:
            data[at] = randomness.choice([0, 1, 0x7F, 0x80, 0xFF])
        else:
            other = randomness.randrange(CONTAINER_HEADER, len(data))
            data[at:at + 4] = data[other:other + 4]
    return with_checksum(bytes(data))


def main():
    directory, name, count, seed = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    randomness = random.Random(seed)
    outcomes = collections.Counter()
    with Server(directory) as server:
        good = open(server.path(name), "rb").read()
        for number in range(count):
            mutant = mutate(good, randomness)
            try:
                outcomes[server.apply(mutant, CHECK)] += 1
            except OSError:
                kept = server.path("killer-%d-%d.pup" % (seed, number))
                open(kept, "wb").write(mutant)
                sys.exit("mutants: the server did not survive %s (status %s)" % (kept, server.process.poll()))
        print(server.ask("still there"))
        print("refused", outcomes["refused"], "accepted", outcomes["would-apply"], "of", count)


main()
