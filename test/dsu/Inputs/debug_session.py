#!/usr/bin/env python3
"""debug_session.py DIR: updates DIR/server to v2, attaches gdb, stops in `answer` and shows the stack; then what perf would read."""
import os
import shutil
import subprocess
import sys
import tempfile

directory = sys.argv[1]
runtime = tempfile.mkdtemp(prefix="pop-")
environment = dict(os.environ, XDG_RUNTIME_DIR=runtime)
server = subprocess.Popen([os.path.join(directory, "server")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, cwd=directory)
perf_map = "/tmp/perf-%d.map" % server.pid
try:
    server.stdout.readline()
    subprocess.run(["popctl", "update", str(server.pid), os.path.join(directory, "p12.pup")], env=environment, timeout=60)
    sys.stdout.flush()
    commands = ["set pagination off", "bt 1", "break server.pop:4", "continue", "bt", "detach"]
    gdb = ["gdb", "-q", "-batch", "-nx", "-p", str(server.pid)] + [word for command in commands for word in ("-ex", command)]
    process = subprocess.Popen(gdb, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    for _ in range(600):  # until gdb has set its breakpoint and gone on
        server.stdin.write(b"hello\n")
        server.stdin.flush()
        try:
            print(process.communicate(timeout=0.1)[0])
            break
        except subprocess.TimeoutExpired:
            pass
    for line in open(perf_map):
        address, size, name = line.split(None, 2)
        print("map:", name, end="")
finally:
    server.kill()
    server.wait()
    shutil.rmtree(runtime)
    if os.path.exists(perf_map):
        os.unlink(perf_map)
