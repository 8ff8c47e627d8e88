#!/usr/bin/env python3
"""operations.py DIR: the second control socket, the in-program API, interrupted system calls, the order of the history."""
import os
import signal
import stat
import subprocess
import sys
import threading
import time

from running import Server, without_figures


def there(server, *arguments):
    """popctl with the path of the second socket instead of a number."""
    status, output = server.popctl(*[server.path("second.sock") if word == "PATH" else word for word in arguments])
    return "%d, %s" % (status, without_figures(output))


def api(server):
    print("api:", server.ask("api"))
    print("listen on a file:", server.ask("listen " + server.path("session")))
    print("listen in no directory:", server.ask("listen " + server.path("nowhere/x.sock")))
    answer = server.ask("listen " + server.path("second.sock")).split(",")[0]
    print("listen: %s, mode %o" % (answer, stat.S_IMODE(os.stat(server.path("second.sock")).st_mode)))
    print("listen again:", server.ask("listen " + server.path("third.sock")))
    status, output = server.popctl("status", server.path("second.sock"))
    print("status there: %d, %s" % (status, "the same program" if "(%s)" % server.pid in output else output))
    print("refused there:", there(server, "update", "PATH", "session"))
    print("error:", server.ask("api").split("error ")[1])


def waiting(server):
    server.send("spin")
    popctl = server.start_popctl("update", "--wait=60s", "PID", "p12.pup")
    while not server.json("status", "PID")["pending"]:
        time.sleep(0.005)
    os.mkdir(server.path("go"))
    answer = server.line()
    popctl.wait()
    os.rmdir(server.path("go"))
    print("pending: %s while it waits, %s" % (answer.split(",")[0].split()[1], answer.split(", ")[1]))


def main():
    directory = sys.argv[1]
    with Server(directory) as server:
        api(server)
        # Not reached: it spins, and is asked to update with no time to wait.
        server.send("spin")
        late = there(server, "update", "--wait=100ms", "PATH", "p12.pup")
        os.mkdir(server.path("go"))
        server.line()
        os.rmdir(server.path("go"))
        print("withdrawn:", late)
        print("checked:", there(server, "check", "PATH", "p12.pup"))
        waiting(server)
        print("api:", server.ask("api"))
        interrupted(server)
        history = server.json("history", "PID")
        outcomes = [entry["outcome"] for entry in history]
        times = [entry["unix_ms"] for entry in history]
        print("history: %s, then %d applied; times %s" % (" ".join(outcomes[:3]), outcomes[3:].count("applied"), "ascend" if times == sorted(times) else times))
        status, output = server.popctl("list")
        print("list: %d line" % len([line for line in output.splitlines() if line.startswith(server.pid)]))
        print("ended with", server.quit())
        print("sockets left:", os.path.exists(server.path("second.sock")) + os.path.exists(server.socket_path))
        print("status of a dead program:", server.popctl("status", "PID")[0])


def interrupted(server):
    """Updates there and back while a signal interrupts whatever waits, a thousand times a second."""
    subprocess.run(["sh", "-c", "poppatch v2 v1 -o back >back.report && popc -patch -o p21.pup back"], cwd=server.directory, check=True)
    patches = [open(server.path(name), "rb").read() for name in ("p21.pup", "p12.pup")]
    over = threading.Event()

    def interrupt():
        while not over.is_set():
            os.kill(server.process.pid, signal.SIGUSR1)
            time.sleep(0.001)

    thread = threading.Thread(target=interrupt)
    thread.start()
    outcomes, wrong = [], []
    for i in range(40):
        outcomes.append(server.apply(patches[i % 2], rehearsal=1 if i % 8 == 0 else 0))
        if server.ask("x") != ("v1", "v2")[i % 2]:
            wrong.append(i)
    over.set()
    thread.join()
    print("interrupted: %d updates, signals %s, answers %s" % (outcomes.count("applied"), "seen" if int(server.ask("seen")) > 10 else "not seen", wrong or "right"))


main()
