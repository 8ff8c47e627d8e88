"""A program under test, for tests that a session cannot express: runs DIR/server, asks it things, speaks to its control socket."""
import hashlib
import json
import os
import re
import select
import shutil
import socket
import struct
import subprocess
import tempfile
import time

DEADLINE = 60  # far more than anything takes, also on a busy machine

# Kinds of frames, outcomes and ways to rehearse (dsu/format/protocol.h).
STATUS, HISTORY, CHECK, UPDATE, REPORT, PROBLEM, WHERE = range(1, 8)
OUTCOMES = ["applied", "already-applied", "would-apply", "refused", "not-reached", "busy"]
NO_REHEARSAL, REHEARSE_FIRST, REHEARSE_ONLY = range(3)
CONTAINER_HEADER = 8 + 4 + 4 + 32


class Server:
    def __init__(self, directory, program="server", limits=None, more_environment=()):
        self.directory = directory
        self.runtime = tempfile.mkdtemp(prefix="pop-")  # short: a socket's path has at most 107 bytes
        self.environment = dict(os.environ, XDG_RUNTIME_DIR=self.runtime, **dict(more_environment))
        self.process = subprocess.Popen([os.path.join(directory, program)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=directory,
                                        env=self.environment, preexec_fn=limits)
        self.pid = str(self.process.pid)
        self.socket_path = os.path.join(self.runtime, "popcorn", self.pid + ".sock")
        self.buffer = b""
        self.first_line = self.line()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.runtime)

    def path(self, name):
        return os.path.join(self.directory, name)

    # ---- the program

    def send(self, text):
        self.process.stdin.write(text.encode() + b"\n")
        self.process.stdin.flush()

    def line(self):
        while b"\n" not in self.buffer:
            ready, _, _ = select.select([self.process.stdout], [], [], DEADLINE)
            piece = os.read(self.process.stdout.fileno(), 65536) if ready else b""
            if not piece:
                return self.silence()
            self.buffer += piece
        line, self.buffer = self.buffer.split(b"\n", 1)
        return line.decode()

    def silence(self):
        raise SystemExit("the program does not answer (status %s)" % self.process.poll())

    def ask(self, text):
        self.send(text)
        return self.line()

    def quit(self):
        self.send("quit")
        return self.process.wait(timeout=DEADLINE)

    # ---- popctl

    def start(self, words):
        """A command in the program's directory, with its environment."""
        return subprocess.Popen(words, cwd=self.directory, env=self.environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def start_popctl(self, *arguments):
        return self.start(["popctl", *(self.pid if word == "PID" else word for word in arguments)])

    def popctl(self, *arguments):
        """(exit status, output)"""
        process = self.start_popctl(*arguments)
        output, _ = process.communicate(timeout=DEADLINE)
        return process.returncode, output

    def json(self, *arguments):
        status, output = self.popctl("--json", *arguments)
        return json.loads(output)

    def update(self, name, *options):
        """The first line of what popctl says, without figures."""
        _, output = self.popctl("update", *options, "PID", name)
        return without_figures(output)

    # ---- the socket

    def connect(self):
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(DEADLINE)
        s.connect(self.socket_path)
        return s

    def exchange(self, kind, payload=b""):
        """(kind, payload) of the answer."""
        with self.connect() as s:
            s.sendall(request(kind, payload))
            return read_frame(s)

    def apply(self, patch, kind=UPDATE, rehearsal=NO_REHEARSAL, wait_ms=20000, deadline_ms=10000):
        """Outcome of an update or check, by the socket."""
        answer, payload = self.exchange(kind, (options(rehearsal, wait_ms, deadline_ms) if kind == UPDATE else b"") + patch)
        return OUTCOMES[payload[1]] if answer == REPORT else "problem"

    # ---- what must not change

    def code(self):
        """Hash of everything executable that is the program's own: one byte changed by a commit changes it."""
        digest = hashlib.sha256()
        image = os.path.realpath("/proc/%s/exe" % self.pid)
        with open("/proc/%s/maps" % self.pid) as maps, open("/proc/%s/mem" % self.pid, "rb") as memory:
            for line in maps:
                range_, protection, *rest = line.split()
                if "x" not in protection or rest[-1] != image:
                    continue
                start, end = (int(x, 16) for x in range_.split("-"))
                memory.seek(start)
                digest.update(memory.read(end - start))
        return digest.hexdigest()

    def bindings(self):
        """What the program says of its modules, and its code."""
        return [(m["name"], m["hash"]) for m in self.json("status", "PID")["modules"]], self.code()

    def memory_kb(self):
        return int(re.search(r"VmRSS:\s*(\d+)", open("/proc/%s/status" % self.pid).read()).group(1))


def request(kind, payload):
    return struct.pack("<IB", len(payload), kind) + payload


def options(rehearsal=NO_REHEARSAL, wait_ms=20000, deadline_ms=10000):
    return struct.pack("<BIIB", 2, wait_ms, deadline_ms, rehearsal)


def read_exactly(s, count):
    data = b""
    while len(data) < count:
        piece = s.recv(count - len(data))
        if not piece:
            raise OSError("the program has closed the connection")
        data += piece
    return data


def read_frame(s):
    length, kind = struct.unpack("<IB", read_exactly(s, 5))
    return kind, read_exactly(s, length)


def with_checksum(patch):
    """The patch with its checksum, and those of the parts of a composed one, made to fit: what everybody can do."""
    at = patch.find(b"POPPATCH", CONTAINER_HEADER)
    while at >= 0:
        end = at + max(8, struct.unpack_from("<I", patch, at - 4)[0])
        patch = patch[:at] + with_checksum(patch[at:end]) + patch[end:]
        at = patch.find(b"POPPATCH", end)
    return patch[:16] + hashlib.sha256(patch[CONTAINER_HEADER:]).digest() + patch[CONTAINER_HEADER:]


def without_figures(output):
    return re.sub(r" in \d.*| \(read .*", "", output.split("\n", 1)[0])


def wait_until(condition, what):
    end = time.time() + DEADLINE
    while not condition():
        if time.time() > end:
            raise SystemExit("it never happens that " + what)
        time.sleep(0.005)
