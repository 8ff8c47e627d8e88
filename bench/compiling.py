"""Speed of compilation, by stage, against C compilers on the same program in C."""
import glob
import os
import re
import statistics
import subprocess

import generate
import measure

STAGES = ["front end", "lower", "optimise", "generate code", "verify"]


def stages(context, options, source):
    """{stage: seconds} as popc reports them."""
    result = subprocess.run([context.tool("popc"), "-c", "--time-passes", *options, "-o", os.path.join(context.work, "timed.o"), source],
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if result.returncode != 0:
        raise SystemExit("bench: popc failed on %s\n%s" % (source, result.stderr))
    found = re.findall(r"^ *([\d.]+) ms  (.+)$", result.stderr, re.MULTILINE)
    return {name: float(ms) / 1e3 for ms, name in found}


def count_lines(path):
    with open(path) as file:
        return sum(1 for _ in file)


def speeds(context, popcorn, c, lines, optimising):
    output = os.path.join(context.work, "compiled.o")
    popc = context.tool("popc")
    commands = {"popc, front end only": [popc, "--emit=check", popcorn], "popc -O0": [popc, "-O0", "-c", "-o", output, popcorn],
                "popc": [popc, "-c", "-o", output, popcorn]}
    slow = {}  # half a minute each: once is enough
    for compiler in ("clang-19", "gcc"):
        commands[compiler + " -O0"] = [compiler, "-O0", "-w", "-c", "-o", output, c]
        if optimising:
            slow[compiler + " -O2"] = [compiler, "-O2", "-w", "-c", "-o", output, c]
    times = measure.by_turns(commands, context.runs, same_output=False) | measure.by_turns(slow, 1, same_output=False)
    to_clang = {"popc, front end only", "popc -O0", "gcc -O0"}
    return [[compiler, "%.2f s" % statistics.median(seconds), measure.spread([lines / s / 1e3 for s in seconds], "%.0f"),
             measure.Ratios(times["clang-19 -O0"], seconds) if compiler in to_clang else ""] for compiler, seconds in times.items()]


def growth_rows(context):
    """Time and memory as the program grows tenfold."""
    rows = []
    for wanted in (100000, 1000000):
        popcorn, _ = generate.write(context.work, wanted)
        lines = count_lines(popcorn)
        command = [context.tool("popc"), "-O0", "-c", "-o", os.path.join(context.work, "grown.o"), popcorn]
        seconds, _ = measure.cpu_time(command)
        rows.append([lines, "%.2f s" % seconds, "%.2f us" % (1e6 * seconds / lines), "%.0f MB" % measure.peak_memory(command)])
    return rows


def program_row(context):
    """All bench programs, each by a run of its own: mostly the start of the compiler and of the preprocessor."""
    output = os.path.join(context.work, "program.o")
    row, lines = {}, {}
    for compiler, options, pattern in ((context.tool("popc"), [], "programs/*.pop"), ("clang-19", ["-w"], "c/*.c"), ("gcc", ["-w"], "c/*.c")):
        sources = sorted(glob.glob(os.path.join(context.bench, pattern)))
        name = os.path.basename(compiler) + " -O0"
        lines[name] = sum(map(count_lines, sources))
        row[name] = sum(statistics.median(measure.cpu_time([compiler, "-O0", *options, "-c", "-o", output, source])[0]
                                          for _ in range(context.runs)) for source in sources)
    return [[name, lines[name], "%.0f ms" % (1e3 * row[name]), "%.0f" % (lines[name] / row[name] / 1e3)] for name in row]


def stage_rows(context, source):
    rows = []
    for options in (["-O0"], []):
        measured = [stages(context, options, source) for _ in range(context.runs)]
        middle = {stage: statistics.median(m[stage] for m in measured) for stage in STAGES}
        whole = sum(middle.values())
        rows.append(["popc " + " ".join(options) if options else "popc"] +
                    ["%.0f ms (%.0f %%)" % (1e3 * middle[s], 100 * middle[s] / whole) for s in STAGES])
    return rows


def report(context):
    context.say("compiling")
    text = ""
    for wanted, optimising in ((100000, True), (200000, False)):
        popcorn, c = generate.write(context.work, wanted)
        lines = count_lines(popcorn)
        text += "A generated program of %d lines, and the same in C (objects only; popc verifies what it writes):\n\n" % lines
        text += measure.table(["compiler", "CPU time", "thousand lines/s", "times as fast as clang -O0"], speeds(context, popcorn, c, lines, optimising)) + "\n"
    text += "popc -O0 on larger ones:\n\n" + measure.table(["lines", "CPU time", "per line", "memory"], growth_rows(context))
    text += "\nThe bench programs in both languages, one process each:\n\n"
    text += measure.table(["compiler", "lines", "CPU time", "thousand lines/s"], program_row(context))
    text += "\nStages of popc on it (wall time; the front end includes the C preprocessor):\n\n"
    text += measure.table([""] + STAGES, stage_rows(context, popcorn))
    rows = []
    for source in sorted(glob.glob(os.path.join(context.bench, "programs/*.pop"))):
        measured = [stages(context, [], source) for _ in range(context.runs)]
        middle = {stage: statistics.median(m[stage] for m in measured) for stage in STAGES}
        rows.append([os.path.basename(source)] + ["%.2f ms" % (1e3 * middle[s]) for s in STAGES]
                    + ["%.1f %%" % (100 * middle["verify"] / sum(middle.values()))])
    text += "\nThe bench programs, one by one:\n\n" + measure.table([""] + STAGES + ["share of verify"], rows)
    return text
