#!/usr/bin/env python3
"""lookups.py DIR COUNT: COUNT updates, there and back; after each the program looks up a symbol of a plug-in. What that takes of the processor
at the end, compared with the beginning."""
import sys

from running import Server


def main():
    count = int(sys.argv[2])
    with Server(sys.argv[1]) as server:
        patches = [open(server.path(name), "rb").read() for name in ("p12.pup", "p21.pup")]

        def spent():
            return int(open("/proc/%s/task/%s/schedstat" % (server.pid, server.pid)).read().split()[0])

        def look_up():
            before = spent()
            if server.ask("area") != "area 12":
                sys.exit("the symbol is not found any more")
            return spent() - before

        costs = []
        for i in range(count):
            if server.apply(patches[i % 2]) != "applied":
                sys.exit("update %d is not applied" % i)
            costs.append(look_up())
        first, last = min(costs[2:12]), min(costs[-10:])
        print("after the update: %d us at first, %d us after %d updates" % (first / 1000, last / 1000, count), file=sys.stderr)
        print("it costs", "no more" if last <= 4 * first else "%d times as much" % (last / first))
        print("ended with", server.quit())


main()
