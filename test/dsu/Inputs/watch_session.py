#!/usr/bin/env python3
"""watch_session.py DIR: popctl watch looks on while DIR/server is updated, and ends with it."""
import os
import shutil
import subprocess
import sys
import tempfile
import time

directory = sys.argv[1]
runtime = tempfile.mkdtemp(prefix="pop-")
environment = dict(os.environ, XDG_RUNTIME_DIR=runtime)
server = subprocess.Popen([os.path.join(directory, "server")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, cwd=directory)
pid = str(server.pid)


def update(name):
    subprocess.run(["popctl", "update", "--wait=20s", pid, os.path.join(directory, name)], env=environment, timeout=60,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


try:
    server.stdout.readline()
    update("broken.pup")  # before the watch begins: not shown
    log = open(os.path.join(directory, "watched"), "w+")
    watch = subprocess.Popen(["popctl", "watch", pid], env=environment, stdout=log, stderr=subprocess.STDOUT)
    end = time.time() + 20
    # It has looked once when it sleeps for the first time: nanosleep or clock_nanosleep.
    while open("/proc/%d/syscall" % watch.pid).read().split()[0] not in ("35", "230") and time.time() < end:
        time.sleep(0.01)
    update("p12.pup")
    end = time.time() + 20
    while "applied" not in open(log.name).read() and time.time() < end:
        time.sleep(0.05)
    server.stdin.write(b"quit\n")
    server.stdin.flush()
    server.wait(timeout=20)
    print("watch ends with", watch.wait(timeout=20))
    print(open(log.name).read(), end="")
finally:
    server.kill()
    shutil.rmtree(runtime)
