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


def speeds(context, popcorn, c, lines):
    output = os.path.join(context.work, "compiled.o")
    commands = {"popc -O0": [context.tool("popc"), "-O0", "-c", "-o", output, popcorn],
                "popc": [context.tool("popc"), "-c", "-o", output, popcorn]}
    slow = {}  # half a minute each: once is enough
    for compiler in ("clang-19", "gcc"):
        commands[compiler + " -O0"] = [compiler, "-O0", "-w", "-c", "-o", output, c]
        slow[compiler + " -O2"] = [compiler, "-O2", "-w", "-c", "-o", output, c]
    times = measure.by_turns(commands, context.runs, same_output=False) | measure.by_turns(slow, 1, same_output=False)
    return [[compiler, "%.2f s" % statistics.median(seconds), measure.spread([lines / s / 1e3 for s in seconds], "%.0f")]
            for compiler, seconds in times.items()]


def stage_rows(context, source, lines):
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
    wanted = 100000
    popcorn, c = generate.write(context.work, wanted)
    with open(popcorn) as file:
        lines = sum(1 for _ in file)
    text = "A generated program of %d lines, and the same in C (objects only; popc verifies what it writes):\n\n" % lines
    text += measure.table(["compiler", "CPU time", "thousand lines/s"], speeds(context, popcorn, c, lines))
    text += "\nStages of popc on it (wall time; the front end includes the C preprocessor):\n\n"
    text += measure.table([""] + STAGES, stage_rows(context, popcorn, lines))
    rows = []
    for source in sorted(glob.glob(os.path.join(context.bench, "programs/*.pop"))):
        measured = [stages(context, [], source) for _ in range(context.runs)]
        middle = {stage: statistics.median(m[stage] for m in measured) for stage in STAGES}
        rows.append([os.path.basename(source)] + ["%.2f ms" % (1e3 * middle[s]) for s in STAGES]
                    + ["%.1f %%" % (100 * middle["verify"] / sum(middle.values()))])
    text += "\nThe bench programs, one by one:\n\n" + measure.table([""] + STAGES + ["share of verify"], rows)
    return text
