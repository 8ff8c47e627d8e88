#!/usr/bin/env python3
"""Runs DIR/server and does what DIR/session says; prints a transcript for FileCheck.

usage: session.py DIR

Lines of a session:
  send TEXT      gives the program a line and shows the line with which it answers
  send-only TEXT gives the program a line and does not wait for an answer
  mkdir NAME     makes a directory in DIR: something that the program may wait for
  line           shows the next line of the program
  child-popctl ARGS  the same for a child that the program forked, as CHILD
  popctl ARGS    runs popctl in DIR, with PID replaced; shows its output and exit status
  load TEXT      from now on the program is given TEXT all the time while popctl runs, and a few times before and after; what it answers is
                 shown behind the exit status, repetitions left out. Without TEXT: no more load
  run COMMAND    runs a shell command in DIR, with PID and CHILD replaced, and shows its output
  until TEXT :: popctl ARGS  runs popctl, showing nothing, until it says TEXT
  sleep SECONDS  gives it time for something that it does by itself
At the end the program is given `quit` and has to end by itself. Everything has a deadline.
"""
import os
import select
import shlex
import shutil
import subprocess
import sys
import tempfile
import time

DEADLINE = 60  # far more than anything takes, also on a busy machine


class Program:
    def __init__(self, directory, environment):
        self.process = subprocess.Popen([os.path.join(directory, "server")], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        env=environment, cwd=directory)
        self.buffer = b""
        self.child = None
        self.load = ""

    def ask(self, text):
        self.send(text)
        return self.line()

    def send(self, text):
        self.process.stdin.write(text.encode() + b"\n")
        self.process.stdin.flush()

    def line(self):
        while b"\n" not in self.buffer:
            ready, _, _ = select.select([self.process.stdout], [], [], DEADLINE)
            piece = os.read(self.process.stdout.fileno(), 65536) if ready else b""
            if not piece:
                return "(no answer)"
            self.buffer += piece
        line, self.buffer = self.buffer.split(b"\n", 1)
        return line.decode()


def child_of(program, environment):
    """The child of the program, also when it has ended; waited for until its first update point."""
    if not program.child:
        listed = open("/proc/%d/task/%d/children" % (program.process.pid, program.process.pid)).read().split()
        program.child = listed[0] if listed else "no-child"
        socket = os.path.join(environment["XDG_RUNTIME_DIR"], "popcorn", program.child + ".sock")
        end = time.time() + DEADLINE
        while not os.path.exists(socket) and time.time() < end:
            time.sleep(0.01)
    return program.child


def serve_meanwhile(program, is_over):
    """Requests one after the other until is_over(), and a few more: the answers, repetitions left out."""
    answers, more, end = [], 3, time.time() + DEADLINE
    while more > 0:
        more -= is_over()
        answer = program.ask(program.load)
        if answers[-1:] != [answer]:
            answers.append(answer)
        if answer == "(no answer)" or time.time() > end:
            break
    return answers


def run_popctl(arguments, program, directory, environment):
    words = [word.replace("PID", str(program.process.pid)) for word in shlex.split(arguments)]
    words = [child_of(program, environment) if word == "CHILD" else word for word in words]
    return run(["popctl", *words], program, directory, environment)


def run(words, program, directory, environment):
    """Runs a command while the program is under load: the result, and the answers."""
    how = {"cwd": directory, "env": environment, "text": True, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    if not program.load:
        return subprocess.run(words, timeout=DEADLINE, **how), []
    before = [program.ask(program.load) for _ in range(3)]
    process = subprocess.Popen(words, **how)
    answers = serve_meanwhile(program, lambda: process.poll() is not None)
    output, _ = process.communicate(timeout=DEADLINE)
    both = before + answers
    return subprocess.CompletedProcess(words, process.returncode, output), [a for i, a in enumerate(both) if i == 0 or a != both[i - 1]]


def show(result, program):
    outcome, answers = result
    print(outcome.stdout.replace(str(program.process.pid), "PID"), end="")
    print("exit status", outcome.returncode)
    for answer in answers:
        print("served:", answer)


def popctl(arguments, program, directory, environment):
    show(run_popctl(arguments, program, directory, environment), program)


def until(text, arguments, program, directory, environment):
    end = time.time() + DEADLINE
    while text not in run_popctl(arguments, program, directory, environment)[0].stdout:
        if time.time() > end:
            sys.exit("session: popctl %s never says `%s`" % (arguments, text))
        time.sleep(0.02)


def main():
    directory = sys.argv[1]
    runtime = tempfile.mkdtemp(prefix="pop-")  # short: a socket's path has at most 107 bytes
    environment = dict(os.environ, XDG_RUNTIME_DIR=runtime)
    program = Program(directory, environment)
    try:
        print("ready:", program.line(), flush=True)
        for command in open(os.path.join(directory, "session")):
            verb, _, rest = command.strip().partition(" ")
            print("+", command.strip(), flush=True)
            if verb == "send":
                program.send(rest)
                print(program.line())
            elif verb == "send-only":
                program.send(rest)
            elif verb == "mkdir":
                os.mkdir(os.path.join(directory, rest))
            elif verb == "line":
                print(program.line())
            elif verb in ("popctl", "child-popctl"):
                popctl(rest, program, directory, environment)
            elif verb == "until":
                text, _, arguments = rest.partition(" :: popctl ")
                until(text, arguments, program, directory, environment)
            elif verb == "load":
                program.load = rest
            elif verb == "run":
                command = rest.replace("PID", str(program.process.pid))
                if "CHILD" in command:
                    command = command.replace("CHILD", child_of(program, environment))
                show(run(["sh", "-c", command], program, directory, environment), program)
            elif verb == "sleep":
                time.sleep(float(rest))
            elif verb:
                sys.exit("session: unknown command " + verb)
        program.send("quit")
        print("ended with", program.process.wait(timeout=DEADLINE))
    finally:
        program.process.kill()
        shutil.rmtree(runtime)


main()
