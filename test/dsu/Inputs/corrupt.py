#!/usr/bin/env python3
"""corrupt.py DIR PATCH: every byte of PATCH changed, one at a time: as damage (the checksum as it was), and with a checksum that fits. What is
accepted all the same is rehearsed in a copy of the program. The program answers each request and serves on.
"""
import collections
import sys

from running import CHECK, CONTAINER_HEADER, REHEARSE_ONLY, Server, UPDATE, with_checksum


def main():
    with Server(sys.argv[1]) as server:
        good = open(server.path(sys.argv[2]), "rb").read()
        before, served = server.bindings(), server.ask("x")
        damaged, forged, rehearsed = (collections.Counter() for _ in range(3))
        for at in range(len(good)):
            changed = bytearray(good)
            changed[at] ^= 1 << at % 8 if at % 3 else 0xFF
            damaged[server.apply(bytes(changed), CHECK)] += 1
            if at >= CONTAINER_HEADER:
                patch = with_checksum(bytes(changed))
                outcome = server.apply(patch, CHECK)
                forged[outcome] += 1
                if outcome == "would-apply":
                    rehearsed[server.apply(patch, UPDATE, REHEARSE_ONLY, deadline_ms=1000)] += 1
            if at % 16 == 0 and server.ask("x") != served:
                raise SystemExit("served something else after byte %d" % at)
        print("damaged:", dict(damaged) == {"refused": len(good)} or damaged)
        print("forged:", set(forged) == {"refused", "would-apply"} and forged["refused"] > len(good) // 2 or forged)
        print("rehearsed:", set(rehearsed) <= {"would-apply", "refused"} or rehearsed)
        print("bindings:", "as before" if server.bindings() == before else "changed")
        print(server.update(sys.argv[2]), "-", server.ask("x"))
        print("ended with", server.quit())
        print(len(good), damaged, forged, rehearsed, file=sys.stderr)


main()
