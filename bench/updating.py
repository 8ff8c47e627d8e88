"""What being updateable costs a program, and for how long an update stops it. Uses examples/events."""
import glob
import json
import os
import random
import statistics
import subprocess
import sys
import time

import measure
import update_scale


def write_log(path, lines):
    """Requests as examples/events/generate.py writes them, then `quit`."""
    randomness = random.Random(1)
    with open(path, "w") as log:
        for _ in range(lines):
            verb = randomness.choice(["GET", "GET", "GET", "POST", "HEAD"])
            log.write("%s /page/%d %d %d\n" % (verb, randomness.randrange(1000), randomness.choice([200, 200, 304, 404, 500]),
                                               randomness.randrange(20000)))
        log.write("quit\n")
    return path


def sources(context, version):
    return sorted(glob.glob(os.path.join(context.root, "examples/events", version, "*.pop")))


def overhead(context):
    context.say("updating: overhead")
    programs = {name: os.path.join(context.work, "events-" + name) for name in ("static", "updateable", "indirect")}
    measure.run([context.tool("popc"), "-o", programs["static"], *sources(context, "v1")])
    measure.run([context.tool("popc"), "-dsu", "-o", programs["updateable"], *sources(context, "v1")])
    measure.run([context.tool("popc"), "-dsu", "--dsu-calls=indirect", "-o", programs["indirect"], *sources(context, "v1")])
    short, long, longest = (write_log(os.path.join(context.work, "log-%d" % n), n) for n in (10, 10000, 1000000))
    counts = {name: measure.instructions([program, long]) - measure.instructions([program, short]) for name, program in programs.items()}
    times = measure.by_turns({name: [program, longest] for name, program in programs.items()}, context.runs + 4)
    start = {name: measure.instructions([program, short]) for name, program in programs.items()}

    def row(what, values, form, ratio):
        return [what, *(form % values[name] for name in programs), *(ratio(values[name], values["static"]) for name in ("updateable", "indirect"))]

    return ("Updateable (`-dsu`: direct calls that updates relink; `--dsu-calls=indirect`: calls through cells) against static, the events program (v1) on a fixed log:\n\n"
            + measure.table(["", "static", "relink", "indirect", "relink : static", "indirect : static"], [
                row("instructions for 9,990 lines", counts, "%d", lambda of, to: "%.4f" % (of / to)),
                ["CPU time for 1,000,000 lines", *("%.3f s" % statistics.median(times[name]) for name in programs),
                 *(measure.Ratios(times[name], times["static"]) for name in ("updateable", "indirect"))],
                row("instructions of a run of 10 lines (start-up)", start, "%d", lambda of, to: "%.2f" % (of / to))]))


def make_patch(context, old, new):
    folder = os.path.join(context.work, "%s-%s" % (old, new))
    events = os.path.join(context.root, "examples/events")
    measure.run([context.tool("poppatch"), os.path.join(events, old), os.path.join(events, new), "-o", folder])
    measure.run([context.tool("popc"), "-patch", "-o", folder + ".pup", folder])
    return folder + ".pup"


def updated_once(context, program, patches):
    """Starts the program, applies the patches in turn, returns the program's own reports."""
    log = os.path.join(context.work, "followed.log")
    open(log, "w").close()
    process = subprocess.Popen([program, log], stdout=subprocess.PIPE, text=True)
    try:
        process.stdout.readline()
        for patch in patches:
            measure.run([context.tool("popctl"), "update", process.pid, patch])
        return json.loads(measure.run([context.tool("popctl"), "--json", "history", process.pid]))
    finally:
        with open(log, "a") as file:
            file.write("quit\n")
        process.communicate(timeout=20)


def pauses(context):
    patches = [make_patch(context, "v1", "v2"), make_patch(context, "v2", "v3")]
    program = os.path.join(context.work, "events-updateable")
    runs = 100 if context.runs > 1 else 5
    reports = {"v1-v2": [], "v2-v3": []}
    for i in range(runs):
        if i % 20 == 0:
            context.say("updating: pauses, run %d of %d" % (i, runs))
        history = [report for report in updated_once(context, program, patches) if report["outcome"] == "applied"]
        for name, entry in zip(reports, history, strict=True):
            reports[name].append(entry)
    rows = []
    for name, patch in zip(reports, patches):
        entries = reports[name]
        pause = sorted(entry["pause_ns"] / 1e3 for entry in entries)
        ahead = [sum(entry["step_ns"].get(step, 0) for step in ("read", "match", "verify", "link", "load")) / 1e3 for entry in entries]
        what = entries[0]
        rows.append([name, os.path.getsize(patch), "%d / %d / %d" % (what["functions"], what["stubs"], what["data"]),
                     "%.0f us" % statistics.median(pause), "%.0f us" % pause[int(len(pause) * 0.99) - 1], "%.0f us" % pause[-1],
                     "%.0f us" % statistics.median(ahead)])
    return ("Pause at the update point, as the program itself reports it (%d runs each):\n\n" % runs
            + measure.table(["patch", "bytes", "functions / stubs / data", "p50", "p99", "maximum", "before the pause (p50)"], rows))


CONVERTING = """#include "core.h"
#include "dsu.h"
#include "unix.h"
struct flat { int a; int b;%(field)s }
?struct node { int value;%(field)s node next; node before; }
flat all[] = {: flat };
node first = null;
void pop_main() {
  flat none = ^flat(0, 0%(value)s);
  all = new_array(%(flat)d, none);
  for (int i = 0; i < %(flat)d; i++) all[i] = ^flat(i, i%(value)s);
  for (int i = 0; i < %(nodes)d; i++) {
    first = ^node(i%(value)s, first, null);
    if (first.next != null) first.next.before = first;
  }
  Dsu::apply("p.pup");
  while (Dsu::updates() == 0) {
    long start = Unix::clock_gettime(Unix::CLOCK_PROCESS_CPUTIME_ID);
    long begin = Unix::clock_gettime(Unix::CLOCK_MONOTONIC);
    Dsu::update_point();
    long end = Unix::clock_gettime(Unix::CLOCK_PROCESS_CPUTIME_ID);
    long wall = Unix::clock_gettime(Unix::CLOCK_MONOTONIC) - begin;
    if (Dsu::updates() != 0) printf("%%d %%d\\n", (:int)((end - start) / 1000), (:int)(wall / 1000));
  }
}
"""


def conversion(context):
    """Objects in an array, and a list with references in both directions: processor and wall time at the update point."""
    rows = []
    for count in [1000, 10000, 100000, 1000000] + ([10000000] if context.runs > 1 else []):
        context.say("updating: conversion of %d objects" % count)
        row = [count]
        for flat, nodes in ((count, 1), (1, count)):
            folder = os.path.join(context.work, "convert-%d-%d" % (flat, nodes))
            for version, field, value in (("v1", "", ""), ("v2", " int c;", ", 0")):
                os.makedirs(os.path.join(folder, version), exist_ok=True)
                with open(os.path.join(folder, version, "main.pop"), "w") as file:
                    file.write(CONVERTING % {"field": field, "value": value, "flat": flat, "nodes": nodes})
            program = os.path.join(folder, "program")
            measure.run([context.tool("popc"), "-dsu", "-o", program, os.path.join(folder, "v1/main.pop")])
            measure.run([context.tool("poppatch"), os.path.join(folder, "v1"), os.path.join(folder, "v2"), "-o", os.path.join(folder, "p"), "--overwrite"])
            measure.run([context.tool("popc"), "-patch", "-o", os.path.join(folder, "p.pup"), os.path.join(folder, "p")])
            times = [[int(x) / 1e6 for x in measure.run([program], cwd=folder).split()] for _ in range(min(context.runs, 5))]
            cpu, wall = (max(statistics.median(t[i] for t in times), 1e-6) for i in (0, 1))
            row += ["%.2f ms" % (cpu * 1e3), "%.2f ms" % (wall * 1e3), "%.1f" % (count / cpu / 1e6)]
        rows.append(row)
    return ("Conversion of objects of a changed type, processor and wall time at the update point (medians), million objects a second of processor time:\n\n"
            + measure.table(["objects", "in an array", "wall", "M/s", "linked both ways", "wall", "M/s"], rows))


def report(context):
    return "\n".join([overhead(context), pauses(context), conversion(context), update_scale.report(context)])
