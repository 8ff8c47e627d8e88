"""Running programs, and summing up what they took.

Times are CPU times of the program and its children (user and system). Programs that are compared run by turns, so that what
else happens on the machine hits all of them alike. Instruction counts come from callgrind and hardly vary.
"""
import math
import os
import re
import statistics
import subprocess
import tempfile


def run(command, **options):
    """Runs a command that has to succeed; returns what it printed."""
    result = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)
    if result.returncode != 0:
        raise SystemExit("bench: `%s` failed\n%s" % (" ".join(map(str, command)), result.stderr))
    return result.stdout


def cpu_time(command):
    """(seconds, standard output) of a command that has to succeed."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        child = subprocess.Popen([str(word) for word in command], stdout=out, stderr=err)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        if child.returncode != 0:
            raise SystemExit("bench: `%s` ended with %d\n%s" % (" ".join(map(str, command)), child.returncode, err.read()))
        return usage.ru_utime + usage.ru_stime, out.read()


def peak_memory(command):
    """Megabytes that a command had in memory at most."""
    child = subprocess.Popen([str(word) for word in command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        raise SystemExit("bench: `%s` ended with %d" % (" ".join(map(str, command)), child.returncode))
    return usage.ru_maxrss / 1024


def by_turns(commands, runs, same_output=True):
    """{name: [seconds]} for {name: command}; a difference in output ends the measurement."""
    times = {name: [] for name in commands}
    for _ in range(runs):
        outputs = {}
        for name, command in commands.items():
            seconds, outputs[name] = cpu_time(command)
            times[name].append(seconds)
        if same_output and len(set(outputs.values())) > 1:
            raise SystemExit("bench: outputs differ: %s" % outputs)
    return times


def instructions(command):
    """Executed instructions, of a copy without debugging information (valgrind does not understand all of it)."""
    with tempfile.TemporaryDirectory() as directory:
        program = os.path.join(directory, "program")
        run(["strip", "--strip-debug", "-o", program, command[0]])
        result = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", program, *map(str, command[1:])],
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    match = re.search(r"Collected : (\d+)", result.stderr)
    if result.returncode != 0 or not match:
        raise SystemExit("bench: callgrind of `%s` failed\n%s" % (" ".join(map(str, command)), result.stderr[-2000:]))
    return int(match.group(1))


class Ratios:
    """Quotients of measurements that were made by turns."""

    def __init__(self, of, to):
        self.values = sorted(a / b for a, b in zip(of, to))
        self.median = statistics.median(self.values)

    def __str__(self):
        return "%.2f (%.2f-%.2f)" % (self.median, self.values[0], self.values[-1])


def geometric_mean(values):
    return math.exp(sum(map(math.log, values)) / len(values))


def spread(values, form="%.3g"):
    """Median and range."""
    return (form + " (" + form + "-" + form + ")") % (statistics.median(values), min(values), max(values))


def table(header, rows):
    """A Markdown table; all columns but the first are numbers."""
    lines = ["| " + " | ".join(header) + " |", "|---" + "|---:" * (len(header) - 1) + "|"]
    lines += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"
