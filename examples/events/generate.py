#!/usr/bin/env python3
"""Appends requests to a log at a steady rate, until told to stop: the event stream of the demonstration.

usage: generate.py LOG RATE SEED

Writes RATE lines a second. Stops at SIGTERM, behind a whole line.
"""
import random
import signal
import sys
import time

stopped = False


def stop(*_):
    global stopped
    stopped = True


def line(randomness):
    if randomness.random() < 0.01:
        return "this is not a request\n"
    verb = randomness.choice(["GET", "GET", "GET", "POST", "HEAD"])
    status = randomness.choice([200, 200, 200, 304, 404, 500])
    return "%s /page/%d %d %d\n" % (verb, randomness.randrange(1000), status, randomness.randrange(20000))


def main():
    path, rate, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    signal.signal(signal.SIGTERM, stop)
    randomness = random.Random(seed)
    with open(path, "a", buffering=1) as log:
        while not stopped:
            log.write(line(randomness))
            time.sleep(1 / rate)


main()
