"""Validators of WebAssembly on modules made of the same C programs, for comparison with the checker.

The C versions of the bench programs and of the generated one become wasm32 modules: their own code only, the C library stays an import.
The tools are optional (`scripts/setup --bench` installs them); report() says which are missing.
"""
import glob
import json
import os
import shutil
import statistics

import measure

# Compiler and linker make the modules; of the validators each is measured if it is there.
NEEDED = ("clang-19", "wasm-ld-19", "wasm-opcodecnt")
VALIDATORS = ("wasm-validate", "node")

# What the programs need of C's headers: the modules are never run.
HEADERS = {
    "stdlib.h": "#include <stddef.h>\nvoid *malloc(size_t);\nvoid *calloc(size_t, size_t);\nvoid free(void *);\nint atoi(const char *);\n",
    "string.h": "#include <stddef.h>\nvoid *memset(void *, int, size_t);\nvoid *memcpy(void *, const void *, size_t);\nsize_t strlen(const char *);\n",
    "stdio.h": "int printf(const char *, ...);\n",
    "math.h": "double sqrt(double);\n",
    "setjmp.h": "typedef int jmp_buf[64];\nint setjmp(jmp_buf);\nint _setjmp(jmp_buf);\nvoid longjmp(jmp_buf, int);\nvoid _longjmp(jmp_buf, int);\n",
}

# Medians over repetitions in one process, in CPU time of all its threads.
SCRIPT = """
const fs = require("fs"), repeat = Number(process.argv[2]);
console.log(JSON.stringify(process.argv.slice(3).map(file => {
  const bytes = fs.readFileSync(file), times = [];
  for (let i = 0; i < repeat; i++) {
    const before = process.cpuUsage();
    if (!WebAssembly.validate(bytes)) throw new Error(file + " is not valid");
    const used = process.cpuUsage(before);
    times.push((used.user + used.system) / 1e6);
  }
  return times.sort((a, b) => a - b)[repeat >> 1];
})));
"""


def compile_module(context, source, level):
    include = os.path.join(context.work, "wasm-include")
    os.makedirs(include, exist_ok=True)
    for name, text in HEADERS.items():
        with open(os.path.join(include, name), "w") as file:
            file.write("#pragma once\n" + text)
    base = os.path.join(context.work, "wasm-" + os.path.basename(source)[:-2])
    measure.run(["clang-19", "--target=wasm32", "-ffreestanding", level, "-w", "-I" + include, "-c", source, "-o", base + ".o"])
    # Every function stays, exported or not.
    measure.run(["wasm-ld-19", "--no-entry", "--no-gc-sections", "--export-all", "--allow-undefined", "-o", base + ".wasm", base + ".o"])
    return base + ".wasm"


def leb(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at


def code_size(module):
    """Bytes of the code section."""
    with open(module, "rb") as file:
        data = file.read()
    at = 8
    while at < len(data):
        section, (size, at) = data[at], leb(data, at + 1)
        if section == 10:
            return size
        at += size
    return 0


def count_instructions(module):
    first = measure.run(["wasm-opcodecnt", module]).split("\n", 1)[0]
    return int(first.rpartition(" ")[2])


def with_wasm_validate(context, modules):
    """Seconds for each round: what an empty module takes, which is starting the process, is subtracted."""
    empty = os.path.join(context.work, "empty.wasm")
    with open(empty, "wb") as file:
        file.write(b"\0asm\1\0\0\0")
    rounds = []
    for _ in range(context.runs):
        start = statistics.median(measure.cpu_time(["wasm-validate", empty])[0] for _ in range(5))
        rounds.append(sum(max(measure.cpu_time(["wasm-validate", module])[0] - start, 0) for module in modules))
    return rounds


def with_node(context, modules):
    repeat = 5 if len(modules) == 1 else 200
    command = ["node", "--single-threaded", "-e", SCRIPT, "--", str(repeat), *modules]
    # With -e the arguments begin one earlier than with a file.
    command[3] = SCRIPT.replace("process.argv[2]", "process.argv[1]").replace("slice(3)", "slice(2)")
    return [sum(json.loads(measure.run(command))) for _ in range(context.runs)]


MEASURED = {"wasm-validate": ("`wasm-validate` (wabt)", with_wasm_validate), "node": ("`WebAssembly.validate` (node)", with_node)}


def rows(context):
    """Rows for the table of the checker's speed, and a remark on tools that are missing."""
    missing = [tool for tool in NEEDED + VALIDATORS if shutil.which(tool) is None]
    if any(tool in missing for tool in NEEDED):
        return [], "Not compared with WebAssembly: %s missing (`scripts/setup --bench`).\n" % ", ".join("`%s`" % tool for tool in missing)
    groups = {"bench programs": [compile_module(context, source, "-O2") for source in sorted(glob.glob(os.path.join(context.bench, "c/*.c")))],
              "generated, 100,000 lines": [compile_module(context, os.path.join(context.work, "generated100000.c"), "-O1")]}
    table = []
    for group, modules in groups.items():
        size, count = sum(map(code_size, modules)), sum(map(count_instructions, modules))
        for tool in VALIDATORS:
            if tool in missing:
                continue
            name, validate = MEASURED[tool]
            context.say("checker: %s, %s" % (name.replace("`", ""), group))
            seconds = validate(context, modules)
            if min(seconds) <= 0: # too short for the clock
                continue
            table.append([name + ": " + group, len(modules), size, count, "%.2f ms" % (1e3 * statistics.median(seconds)),
                          measure.spread([size / s / 1e6 for s in seconds], "%.1f"), measure.spread([count / s / 1e6 for s in seconds], "%.2f")])
    return table, "".join("Not measured: `%s` is missing (`scripts/setup --bench`).\n" % tool for tool in missing)
