#!/usr/bin/env python3
"""killed.py SERVER POPCTL: what popctl says of a program before and after it is killed without a chance to clean up."""
import subprocess
import sys
import time

server = subprocess.Popen([sys.argv[1]])
pid = str(server.pid)


def popctl(*arguments):
    return subprocess.run([sys.argv[2], *arguments], capture_output=True, text=True, timeout=20)


def listed():
    return any(line.split()[:1] == [pid] for line in popctl("list").stdout.splitlines())


try:
    for _ in range(200):
        if (first := popctl("status", pid)).returncode == 0:
            break
        time.sleep(0.05)
    print("before:", first.returncode)
    print("listed:", listed())
finally:
    server.kill()
    server.wait()
status = popctl("status", pid)
print("after:", status.returncode, status.stderr.strip())
update = popctl("update", pid, sys.argv[0])
print("update:", update.returncode, update.stderr.strip())
print("listed:", listed())
