#!/usr/bin/env python3
"""faults.py DIR: faults while DIR/server is updated, and what has become of it after each."""
import os
import resource
import sys
import threading
import time

from running import DEADLINE, Server, UPDATE, options, read_frame, request, wait_until, without_figures, OUTCOMES


# Nothing here depends on how soon a busy machine gets to something, but where the limit itself is meant.
PATIENT = ("--wait=60s", "--deadline=60s")


def limits(name):
    return ("--wait=60s", "--deadline=500ms") if name == "loops" else PATIENT


class Test:
    def __init__(self, server):
        self.server = server
        self.bindings, self.state = server.bindings(), server.ask("state")
        self.patch = open(server.path("p12.pup"), "rb").read()
        print("started:", server.ask("x"))

    def report(self, what, state_too=True):
        """After each fault."""
        server = self.server
        bindings = "as before" if server.bindings() == self.bindings else "CHANGED"
        text = "%s; %s, %s" % (what, bindings, server.ask("x")) if not what.endswith(":") else "%s %s, %s" % (what, bindings, server.ask("x"))
        state = server.ask("state")
        if state_too:
            text += "; state " + ("as before" if state == self.state else "CHANGED")
        self.state = state  # what a transformer wrote without a rehearsal stays written
        print(text, flush=True)

    def make(self, *names):
        for name in names:
            os.mkdir(self.server.path(name))

    def remove(self, *names):
        for name in names:
            os.rmdir(self.server.path(name))

    def newest(self):
        return self.server.json("history", "PID")[-1]["outcome"]

    def transformers(self):
        for name in ("raises", "loops", "exhausts", "updates"):
            self.report("%s: %s" % (name, self.server.update(name + ".pup", *limits(name))), False)
        for name in ("raises", "loops", "exhausts", "exits", "dies"):
            self.report("rehearsed %s: %s" % (name, self.server.update(name + ".pup", "--rehearse", *limits(name))))

    def transfers(self):
        whole = request(UPDATE, options() + self.patch)
        for what, count in (("after nothing", 0), ("in the header", 3), ("behind the header", 5), ("in the options", 9), ("in the patch", len(whole) // 2),
                            ("before the last byte", len(whole) - 1)):
            with self.server.connect() as s:
                s.sendall(whole[:count])
            self.report("closed %s:" % what)
        with self.server.connect() as s:
            s.sendall(request(UPDATE, options(2) + self.patch) + b"more")
            try:
                outcome = OUTCOMES[read_frame(s)[1][1]]
            except ConnectionError:  # closed before everything was read
                outcome = "would-apply"
        self.report("more than was announced: " + outcome)

    def kill_popctl(self):
        server = self.server
        server.send("spin")
        popctl = server.start_popctl("update", "--wait=60s", "PID", "p12.pup")
        wait_until(lambda: server.json("status", "PID")["pending"] == "v2", "the update waits")
        popctl.kill()
        popctl.wait()
        wait_until(lambda: not server.json("status", "PID")["pending"], "the update is withdrawn")
        self.make("go")
        server.line()
        self.remove("go")
        self.report("popctl killed while it waits: " + self.newest())
        for what, more in (("transformer", ()), ("rehearsal", ("--rehearse",))):
            count = len(server.json("history", "PID"))
            popctl = server.start_popctl("update", *PATIENT, *more, "PID", "slow.pup")
            wait_until(lambda: os.path.isdir(server.path("reached")), "the transformer runs")
            popctl.kill()
            popctl.wait()
            self.make("leave")
            wait_until(lambda: len(server.json("history", "PID")) > count, "the update ends")
            self.remove("leave")
            self.report("popctl killed in a %s: %s" % (what, self.newest()), bool(more))
        for i in range(20):
            popctl = server.start_popctl("check", "PID", "p12.pup")
            time.sleep(0.0005 * i)
            popctl.kill()
            popctl.wait()
        self.report("popctl killed at any moment:")

    def two_updaters(self):
        """The first one waits as long as the program is kept from its update point: the second comes in this time, however slow it is."""
        server = self.server
        server.send("spin")
        first = server.start_popctl("update", *PATIENT, "PID", "raises.pup")
        wait_until(lambda: server.json("status", "PID")["pending"] == "v2", "the update waits")
        second = server.popctl("update", "PID", "p12.pup")[1].split("\n")[0]
        self.make("go")
        server.line()
        output, _ = first.communicate(timeout=DEADLINE)
        self.remove("go")
        self.report("two updaters: %s, %s" % (second.replace("busy:", "busy v2"), without_figures(output).split(":")[0]), False)


def last_words(directory):
    """In a new program, as this one is at v2 now."""
    with Server(directory) as server:
        popctl = server.start_popctl("update", *PATIENT, "PID", "slow-good.pup")
        wait_until(lambda: os.path.isdir(server.path("reached")), "the transformer runs")
        popctl.kill()
        popctl.wait()
        os.mkdir(server.path("leave"))
        wait_until(lambda: server.json("history", "PID"), "the update ends")
        os.rmdir(server.path("leave"))
        print("popctl killed in a transformer that ends well: %s, %s" % (server.json("history", "PID")[0]["outcome"], server.ask("x")))
    with Server(directory) as server:
        outcomes = []
        updaters = [threading.Thread(target=lambda: outcomes.append(server.apply(open(server.path("p12.pup"), "rb").read()))) for _ in range(8)]
        for updater in updaters:
            updater.start()
        for updater in updaters:
            updater.join()
        rest = set(outcomes) - {"applied"}
        print("eight updaters: applied %d, others %s, %s" % (outcomes.count("applied"), "told so" if rest <= {"busy", "already-applied"} else rest, server.ask("x")))
        print("ended with", server.quit())


def no_room(directory):
    """All the memory that the process may have is in use: updates are answered all the same."""
    room = 256 << 20
    with Server(directory, limits=lambda: resource.setrlimit(resource.RLIMIT_DATA, (room, room))) as server:
        print("no room: %s, %s" % (server.update("exhausts.pup", *PATIENT), server.ask("x")))
        print("no room: %s, %s" % (server.update("p12.pup", *PATIENT), server.ask("x")))


def main():
    directory = sys.argv[1]
    with Server(directory, more_environment={"GC_MAXIMUM_HEAP_SIZE": "64M"}) as server:
        test = Test(server)
        test.transformers()
        test.transfers()
        test.kill_popctl()
        test.two_updaters()
        print("good: %s, %s" % (server.update("p12.pup", *PATIENT), server.ask("x")))
    last_words(directory)
    no_room(directory)


main()
