"""The programs of bench/programs against their C versions: CPU time and executed instructions."""
import os

import measure

# Arguments of a run under callgrind: some 50 million instructions. The work of a run with the second argument, the least that
# the program takes, is subtracted: start-up does not count.
COUNTED = {"qsort": (1, 0), "json": (20, 0), "lz": (2, 0), "sha256": (1, 0), "bintree": (12, 4), "hash": (2, 0),
           "interp": (300000, 0), "exc": (100000, 0), "sieve": (5, 0), "strings": (40, 0), "nbody": (40000, 0),
           "spectral": (400, 0)}
REFERENCE = "clang -O2"
COMPILERS = {"clang -O2": ["clang-19", "-O2"], "clang -O1": ["clang-19", "-O1"], "gcc -O2": ["gcc", "-O2"], "clang -O0": ["clang-19", "-O0"]}


def build(context, program):
    commands = {}
    binary = os.path.join(context.work, program)
    measure.run([context.tool("popc"), "-o", binary + ".pop", os.path.join(context.bench, "programs", program + ".pop")])
    commands["Popcorn"] = [binary + ".pop"]
    for name, compiler in COMPILERS.items():
        output = binary + name.replace(" ", "")
        measure.run(compiler + ["-o", output, os.path.join(context.bench, "c", program + ".c"), "-lm"])
        commands[name] = [output]
    return commands


def count(command, arguments):
    most, least = arguments
    return measure.instructions(command + [most]) - measure.instructions(command + [least])


def report(context):
    times, counts, time_rows, count_rows = {}, {}, [], []
    for program, arguments in COUNTED.items():
        context.say("code: " + program)
        commands = build(context, program)
        measured = measure.by_turns(commands, context.runs)
        ratios = {name: measure.Ratios(measured[name], measured[REFERENCE]) for name in commands if name != REFERENCE}
        times[program] = {name: ratio.median for name, ratio in ratios.items()}
        reference = sorted(measured[REFERENCE])[len(measured[REFERENCE]) // 2]
        time_rows.append([program, "%.2f s" % reference] + list(ratios.values()))
        executed = {name: count(commands[name], arguments) for name in ("Popcorn", REFERENCE, "clang -O0")}
        counts[program] = {name: executed[name] / executed[REFERENCE] for name in executed if name != REFERENCE}
        count_rows.append([program, "%.1f M" % (executed[REFERENCE] / 1e6)] + ["%.2f" % ratio for ratio in counts[program].values()])
    names = list(next(iter(times.values())))
    time_rows.append(["**geometric mean**", ""] + ["**%.2f**" % measure.geometric_mean([t[n] for t in times.values()]) for n in names])
    count_rows.append(["**geometric mean**", ""] + ["**%.2f**" % measure.geometric_mean([c[n] for c in counts.values()])
                                                    for n in next(iter(counts.values()))])
    return ("CPU time, as a multiple of clang-19 -O2 (median and range of %d runs by turns; outputs agree):\n\n" % context.runs
            + measure.table(["program", REFERENCE] + names, time_rows)
            + "\nExecuted instructions without start-up, as a multiple of clang-19 -O2 (callgrind):\n\n"
            + measure.table(["program", REFERENCE] + list(next(iter(counts.values()))), count_rows))
