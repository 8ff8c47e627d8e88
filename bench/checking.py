"""The checker: speed over all objects at hand, and size of the annotations."""
import glob
import json
import os
import statistics

import generate
import measure
import wasm

# Sections that the checker does not read: they are no annotations.
FOR_OTHERS = (".tal.lines", ".tal.dsu")


def compile_objects(context):
    """{name of a group: [object]}"""
    groups = {"library": sorted(glob.glob(os.path.join(context.build, "lib/popcorn/*.o")))}
    sources = {"bench programs": sorted(glob.glob(os.path.join(context.bench, "programs/*.pop"))),
               "examples": sorted(glob.glob(os.path.join(context.root, "examples/events/v3/*.pop"))),
               "generated, 100,000 lines": [generate.write(context.work, 100000)[0]]}
    for group, files in sources.items():
        groups[group] = []
        for source in files:
            output = os.path.join(context.work, "check-" + os.path.basename(source)[:-4] + ".o")
            measure.run([context.tool("popc"), "-c", "-o", output, source])
            groups[group].append(output)
    return groups


def total(results, section):
    return sum(r["sections"].get(section, 0) for r in results)


def annotation_sections(results):
    names = sorted({name for r in results for name in r["sections"] if name.startswith(".tal.") and name not in FOR_OTHERS})
    assert sum(total(results, name) for name in names) == sum(r["annotation_bytes"] for r in results)
    return names


def check(context, objects):
    """The results of talcheck --json, once for each round."""
    repeat = 5 if len(objects) == 1 else 200
    command = [context.tool("talcheck"), "--json", "--repeat=%d" % repeat, *objects]
    return [json.loads(measure.run(command)) for _ in range(context.runs)]


def report(context):
    groups, speed_rows = {}, []
    for group, objects in compile_objects(context).items():
        context.say("checker: " + group)
        rounds = check(context, objects)
        results = groups[group] = rounds[0]
        text, count = total(results, ".text"), sum(r["instructions"] for r in results)
        seconds = [sum(r["seconds"] for r in results) for results in rounds]
        speed_rows.append([group, len(objects), text, count, "%.2f ms" % (1e3 * statistics.median(seconds)),
                           measure.spread([text / s / 1e6 for s in seconds], "%.1f"),
                           measure.spread([count / s / 1e6 for s in seconds], "%.2f")])
    names = annotation_sections([r for results in groups.values() for r in results])
    size_rows = [[group] + ["%.3f" % (total(results, name) / total(results, ".text")) for name in names]
                 + ["**%.2f**" % (sum(r["annotation_bytes"] for r in results) / total(results, ".text"))] for group, results in groups.items()]
    others, remark = wasm.rows(context)
    return ("Verification in one thread, %d rounds of medians over repeated runs in one process; below, validators of WebAssembly on modules of the same\n"
            "programs in C (their instructions are smaller: those of a stack machine, over types of four numbers):\n\n" % context.runs
            + measure.table(["objects", "number", "bytes of code", "instructions", "time", "MB/s of code", "M instructions/s"], speed_rows + others)
            + ("\n" + remark if remark else "")
            + "\nAnnotations, in bytes per byte of code:\n\n"
            + measure.table(["objects"] + ["`%s`" % name for name in names] + ["all"], size_rows))
