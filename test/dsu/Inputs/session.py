#!/usr/bin/env python3
"""Runs DIR/server and does what DIR/session says; prints a transcript for FileCheck.

usage: session.py DIR

Lines of a session:
  send TEXT      gives the program a line and shows the line with which it answers
  send-only TEXT gives the program a line and does not wait for an answer
  mkdir NAME     makes a directory in DIR: something that the program may wait for
  line           shows the next line of the program
  child-popctl ARGS  the same for a child that the program forked, as CHILD
  child-ends     waits until that child has ended by itself; the program has not asked for its status yet
  popctl ARGS    runs popctl in DIR, with PID replaced; shows its output and exit status
  load TEXT      from now on the program is given TEXT all the time while popctl runs, and a few times before and after; what it answers is
                 shown behind the exit status, repetitions left out. Without TEXT: no more load
  run COMMAND    runs a shell command in DIR, with PID and CHILD replaced, and shows its output
  until TEXT :: popctl ARGS  runs popctl, showing nothing, until it says TEXT
  sleep SECONDS  gives it time for something that it does by itself
At the end the program is given `quit` and has to end by itself. Everything has a deadline.
"""
import os
import shlex
import subprocess
import sys
import time

from running import DEADLINE, Server, wait_until


class Program(Server):
    child = None
    load = ""

    def silence(self):
        return "(no answer)"

    def child_pid(self):
        """The child of the program, also when it has ended; waited for until its first update point."""
        if not self.child:
            listed = open("/proc/%s/task/%s/children" % (self.pid, self.pid)).read().split()
            self.child = listed[0] if listed else "no-child"
            socket = os.path.join(os.path.dirname(self.socket_path), self.child + ".sock")
            end = time.time() + DEADLINE
            while not os.path.exists(socket) and time.time() < end:
                time.sleep(0.01)
        return self.child


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


def run_popctl(arguments, program):
    words = [word.replace("PID", program.pid) for word in shlex.split(arguments)]
    words = [program.child_pid() if word == "CHILD" else word for word in words]
    return run(["popctl", *words], program)


def run(words, program):
    """Runs a command while the program is under load: the result, and the answers."""
    before = [program.ask(program.load) for _ in range(3)] if program.load else []
    process = program.start(words)
    answers = before + serve_meanwhile(program, lambda: process.poll() is not None) if program.load else []
    output, _ = process.communicate(timeout=DEADLINE)
    return subprocess.CompletedProcess(words, process.returncode, output), [a for i, a in enumerate(answers) if i == 0 or a != answers[i - 1]]


def show(result, program):
    outcome, answers = result
    print(outcome.stdout.replace(program.pid, "PID"), end="")
    print("exit status", outcome.returncode)
    for answer in answers:
        print("served:", answer)


def until(text, arguments, program):
    end = time.time() + DEADLINE
    while text not in run_popctl(arguments, program)[0].stdout:
        if time.time() > end:
            sys.exit("session: popctl %s never says `%s`" % (arguments, text))
        time.sleep(0.02)


def obey(verb, rest, program):
    if verb == "send":
        print(program.ask(rest))
    elif verb == "send-only":
        program.send(rest)
    elif verb == "mkdir":
        os.mkdir(program.path(rest))
    elif verb == "line":
        print(program.line())
    elif verb in ("popctl", "child-popctl"):
        show(run_popctl(rest, program), program)
    elif verb == "child-ends":
        stat = "/proc/%s/stat" % program.child_pid()
        wait_until(lambda: open(stat).read().rsplit(")", 1)[1].split()[0] == "Z", "the child ends")
    elif verb == "until":
        text, _, arguments = rest.partition(" :: popctl ")
        until(text, arguments, program)
    elif verb == "load":
        program.load = rest
    elif verb == "run":
        command = rest.replace("PID", program.pid)
        if "CHILD" in command:
            command = command.replace("CHILD", program.child_pid())
        show(run(["sh", "-c", command], program), program)
    elif verb == "sleep":
        time.sleep(float(rest))
    elif verb:
        sys.exit("session: unknown command " + verb)


def main():
    with Program(sys.argv[1]) as program:
        print("ready:", program.first_line, flush=True)
        for command in open(program.path("session")):
            verb, _, rest = command.strip().partition(" ")
            print("+", command.strip(), flush=True)
            obey(verb, rest, program)
        print("ended with", program.quit())


main()
