"""Runs `popc -j2 -c blocked.pop good.pop`, kills the job that waits for the pipe blocked.pop, prints messages and status."""
import os
import signal
import subprocess
import sys
import time

popc = subprocess.Popen([sys.argv[1], "-j2", "-c", "blocked.pop", "good.pop"], stderr=subprocess.PIPE, text=True)
children = []
while not children:
    time.sleep(0.02)
    for thread in os.listdir("/proc/%d/task" % popc.pid):
        with open("/proc/%d/task/%s/children" % (popc.pid, thread)) as file:
            children += file.read().split()
os.kill(int(children[0]), signal.SIGKILL)
print(popc.communicate()[1], "status", popc.returncode)
