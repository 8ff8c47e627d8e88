#!/usr/bin/env python3
"""foreign.py SERVER POPCTL PATCH: what a program answers to a patch that was made for another one, and that it goes on."""
import subprocess
import sys
import time

server = subprocess.Popen([sys.argv[1]])
try:
    def popctl(*arguments):
        return subprocess.run([sys.argv[2], *arguments], capture_output=True, text=True, timeout=20)

    for _ in range(200):
        if popctl("status", str(server.pid)).returncode == 0:
            break
        time.sleep(0.05)
    for command in "check", "update":
        answer = popctl(command, str(server.pid), sys.argv[3])
        print(command, answer.returncode, (answer.stdout + answer.stderr).strip())
    status = popctl("status", str(server.pid))
    print("status", status.returncode, status.stdout.splitlines()[1])
    print("running", server.poll() is None)
finally:
    server.kill()
    server.wait()
