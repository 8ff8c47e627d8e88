"""Runs `popc -j2 -c blocked.pop good.pop`, kills the job that waits for the pipe blocked.pop, prints messages and status."""
import os
import signal
import subprocess
import sys
import time


def children(pid):
    """The children of all threads of a process. Threads may end meanwhile."""
    found = []
    for thread in os.listdir("/proc/%d/task" % pid):
        try:
            with open("/proc/%d/task/%s/children" % (pid, thread)) as file:
                found += file.read().split()
        except (FileNotFoundError, ProcessLookupError):
            pass
    return found


popc = subprocess.Popen([sys.argv[1], "-j2", "-c", "blocked.pop", "good.pop"], stderr=subprocess.PIPE, text=True)
try:
    jobs = []
    while not jobs and popc.poll() is None:
        time.sleep(0.02)
        jobs = children(popc.pid)
    # Jobs start in order, and this one cannot end before its file has something in it.
    if jobs:
        os.kill(int(jobs[0]), signal.SIGKILL)
    messages = popc.communicate(timeout=300)[1]
    print(messages, "status", popc.returncode)
finally:
    popc.kill()
