#!/usr/bin/env python3
"""thousand.py DIR COUNT: COUNT updates, there and back, while the program serves: what its memory grows by. The pauses are shown only."""
import statistics
import sys

from running import Server


def main():
    count = int(sys.argv[2])
    with Server(sys.argv[1]) as server:
        patches = [open(server.path(name), "rb").read() for name in ("p12.pup", "p21.pup")]
        for i in range(20):  # what is needed once
            server.apply(patches[i % 2])
        mapped, memory = server.json("status", "PID")["patch_bytes"], server.memory_kb()
        for i in range(count):
            outcome = server.apply(patches[i % 2])
            if outcome != "applied" or (i % 10 == 0 and server.ask("x") != ("v1", "v2")[i % 2 == 0]):
                sys.exit("update %d: %s, serves %s" % (i, outcome, server.ask("x")))
        mapped, memory = server.json("status", "PID")["patch_bytes"] - mapped, server.memory_kb() - memory
        history = server.json("history", "PID")
        pause = [statistics.median(entry["pause_ns"] for entry in part) / 1e3 for part in (history[:100], history[-100:])]
        print("applied:", server.json("status", "PID")["applied"] - 20)
        # Beside what is mapped: interfaces and records, and the objects, which debuggers read.
        grown, allowed = memory * 1024 / count, mapped / count + 5 * len(patches[0])
        print("memory:", "bounded" if grown <= allowed else "%d bytes an update, %d mapped, patches have %d" % (grown, mapped / count, len(patches[0])))
        print("%d bytes an update, %d mapped, patches have %d; pause %s us" % (grown, mapped / count, len(patches[0]), pause), file=sys.stderr)
        print("ended with", server.quit())


main()
