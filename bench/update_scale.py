"""How updates behave at scale: by changed functions, heap size and number of updates; and beside other systems that replace running code."""
import json
import os
import shutil
import statistics
import subprocess
import sys

import measure

DRIVER = """#include "core.h"
#include "dsu.h"
#include "unix.h"
extern int work(int n);
%(state)s
void pop_main() {
  %(start)s
  printf("%%d\\n", work(1));
  fflush(tal_stdout);
  while (!Unix::is_directory("stop")) {
    Unix::sleep_ms(1);
    Dsu::update_point();
  }
  long start = Unix::clock_gettime(Unix::CLOCK_PROCESS_CPUTIME_ID);
  int sum = 0;
  for (int i = 0; i < %(rounds)d; i++) sum = sum ^ work(i);
  long end = Unix::clock_gettime(Unix::CLOCK_PROCESS_CPUTIME_ID);
  printf("%%d %%s\\n", sum, Core::string_of_int((:int)((end - start) / 1000)));
}
"""


def definitions(count, constant):
    return "".join("int f%d(int a) { return (a ^ %d) * 3 + %d; }\n" % (i, i, constant) for i in range(count))


def calls(count):
    return "int work(int n) {\n" + "".join("  n += f%d(n);\n" % i for i in range(count)) + "  return n;\n}\n"


def functions(count, constant):
    """A module of `count` functions, each called from one place."""
    return definitions(count, constant) + calls(count)


class Running:
    """DIR/program, until it is told to measure itself and end."""

    def __init__(self, context, folder, program="program"):
        self.context, self.folder = context, folder
        if os.path.isdir(os.path.join(folder, "stop")):
            os.rmdir(os.path.join(folder, "stop"))
        self.process = subprocess.Popen([os.path.join(folder, program)], cwd=folder, stdout=subprocess.PIPE, text=True)
        self.process.stdout.readline()

    def update(self, patch, *options):
        measure.run([self.context.tool("popctl"), "update", "--wait=60s", "--deadline=600s", *options, self.process.pid, os.path.join(self.folder, patch)])

    def history(self):
        return json.loads(measure.run([self.context.tool("popctl"), "--json", "history", self.process.pid]))

    def memory(self):
        with open("/proc/%d/statm" % self.process.pid) as file:
            return int(file.read().split()[1]) * 4096

    def end(self):
        os.mkdir(os.path.join(self.folder, "stop"))
        out, _ = self.process.communicate(timeout=300)
        return out.split()


def write_versions(context, name, versions, driver):
    """Folder with v1, v2, .., the program and a patch from each to the next; `versions` are texts of the module that changes."""
    folder = os.path.join(context.work, name)
    for i, text in enumerate(versions, 1):
        os.makedirs(os.path.join(folder, "v%d" % i), exist_ok=True)
        for file, content in (("main.pop", driver), ("work.pop", text)):
            with open(os.path.join(folder, "v%d" % i, file), "w") as out:
                out.write(content)
    for static in ("program", "static"):
        measure.run([context.tool("popc"), *(["-dsu"] if static == "program" else []), "-o", os.path.join(folder, static),
                     os.path.join(folder, "v1/main.pop"), os.path.join(folder, "v1/work.pop")])
    for i in range(1, len(versions)):
        make_patch(context, folder, "v%d" % i, "v%d" % (i + 1), "p%d" % i)
    return folder


def make_patch(context, folder, old, new, name):
    measure.run([context.tool("poppatch"), old, new, "-o", name, "--overwrite"], cwd=folder)
    measure.run([context.tool("popc"), "-patch", "-o", name + ".pup", name], cwd=folder)


def steady_state(context):
    context.say("updating: steady state after ten updates")
    # The calls are those of the driver, which stays: they go from module to module, and are never inlined.
    externs = "".join("extern int f%d(int a);\n" % i for i in range(50))
    driver = DRIVER % {"state": externs + calls(50), "start": "", "rounds": 1000000}
    folder = write_versions(context, "steady", [definitions(50, k) for k in [7, *range(8, 17), 7]], driver)
    times = {"static": [], "updateable": [], "updated ten times": []}
    results = set()
    for _ in range(context.runs + 4):
        for name in times:
            running = Running(context, folder, "static" if name == "static" else "program")
            if name == "updated ten times":
                for i in range(1, 11):
                    running.update("p%d.pup" % i)
            result, time = running.end()
            results.add(result)
            times[name].append(int(time) / 1e6)
    if len(results) > 1:
        raise SystemExit("bench: results differ: %s" % results)
    base = times["static"]
    return ("Calls of functions in another module, which was replaced ten times (the last version is the first again), 50,000,000 calls, processor time:\n\n"
            + measure.table(["", "seconds", "against static"], [[name, measure.spread(t), measure.Ratios(t, base)] for name, t in times.items()]))


STEPS = ("read", "match", "verify", "link", "load", "transform", "commit")


def by_functions(context):
    rows = []
    for count in [1, 100, 10000]:
        context.say("updating: %d changed functions" % count)
        folder = write_versions(context, "functions-%d" % count, [functions(count, 1), functions(count, 2)], DRIVER % {"state": "", "start": "", "rounds": 1})
        reports = []
        for _ in range(context.runs):
            running = Running(context, folder)
            running.update("p1.pup")
            reports.append(running.history()[-1])
            running.end()
        middle = lambda values: "%.2f" % (statistics.median(values) / 1e6)
        rows.append([count, os.path.getsize(os.path.join(folder, "p1.pup")), middle([r["pause_ns"] for r in reports]),
                     *[middle([r["step_ns"][step] for r in reports]) for step in STEPS]])
    return ("Pause and steps by the number of replaced functions, each called from one place; milliseconds (only transform and commit are in the pause):\n\n"
            + measure.table(["functions", "bytes", "pause", *STEPS], rows))


TYPED = """#include "core.h"
?struct node { int value; node next; int %(field)s; }
struct conf { int a; node list; }
conf now = ^conf(1, null);
int total(conf c) { int n = 0; for (node x = c.list; x != null; x = x.next) n += x.value; return n + c.a; }
static conf change(conf c, int n) { c.list = ^node(n, c.list, 0); return c; }
int work(int n) { if (now.list == null) change(now, 1); return total(now) + n; }
"""


def many_updates(context):
    count = 1000 if context.runs > 1 else 100
    rows = []
    for name, versions in (("ten functions", [functions(10, 1), functions(10, 2)]),
                           ("two types, three functions, a variable", [TYPED % {"field": "x"}, TYPED % {"field": "y"}])):
        context.say("updating: %d updates of %s" % (count, name))
        folder = write_versions(context, "many-" + name.split()[0], versions, DRIVER % {"state": "", "start": "", "rounds": 1})
        make_patch(context, folder, "v2", "v1", "back")
        running = Running(context, folder)
        for i in range(20):
            running.update(("p1.pup", "back.pup")[i % 2])
        before = running.memory()
        reports = []
        for i in range(count):
            running.update(("p1.pup", "back.pup")[i % 2])
            if i < 50 or i >= count - 50:
                reports.append(running.history()[-1])
        grown = (running.memory() - before) / count
        running.end()
        part = lambda entries, get: "%.3f" % (statistics.median(get(entry) for entry in entries) / 1e6)
        for when, entries in (("first 50", reports[:50]), ("last 50", reports[-50:])):
            rows.append([name, when, part(entries, lambda e: e["pause_ns"]), *[part(entries, lambda e: e["step_ns"][step]) for step in ("verify", "link", "load")],
                         os.path.getsize(os.path.join(folder, "p1.pup")), "%.0f" % grown])
    return ("%d updates of a program, there and back. Milliseconds; bytes of a patch and of memory an update:\n\n" % count
            + measure.table(["what changes", "updates", "pause", "verify", "link check", "load", "patch", "memory"], rows))


def rehearsal(context):
    rows = []
    for count in [1000, 100000, 1000000] + ([10000000] if context.runs > 1 else []):
        context.say("updating: rehearsal with %d objects" % count)
        driver = DRIVER % {"state": "?struct node { long a; long b; node next; }\nnode list = null;",
                           "start": "for (int i = 0; i < %d; i++) list = ^node(i, i, list);" % count, "rounds": 1}
        folder = write_versions(context, "rehearsal-%d" % count, [functions(1, 1), functions(1, 2)], driver)
        reports = []
        for _ in range(min(context.runs, 5)):
            running = Running(context, folder)
            running.update("p1.pup", "--rehearse")
            reports.append(running.history()[-1])
            running.end()
        middle = lambda get: "%.2f" % (statistics.median(get(r) for r in reports) / 1e6)
        rows.append([count, "%.0f" % (count * 32 / 2 ** 20), middle(lambda r: r["fork_ns"]), middle(lambda r: r["step_ns"]["rehearse"]), middle(lambda r: r["pause_ns"])])
    return ("Rehearsal by the size of the heap, milliseconds:\n\n"
            + measure.table(["objects", "MiB", "the program stands still", "the rehearsal takes", "pause of the update itself"], rows))


# ---- others

ERLANG = """-module(bench_driver).
-export([main/0]).
times(F) -> lists:sort([element(1, timer:tc(F)) || _ <- lists:seq(1, 15)]).
main() ->
  {ok, A} = file:read_file("a/work.beam"), {ok, B} = file:read_file("b/work.beam"),
  Load = fun(X) -> code:purge(work), {module, work} = code:load_binary(work, "work.beam", X) end,
  T = times(fun() -> Load(A), Load(B) end),
  Old = [{rec, I, I} || I <- lists:seq(1, %(records)d)],
  C = times(fun() -> length([{rec, X, Y, 0} || {rec, X, Y} <- Old]) end),
  io:format("~p ~p~n", [lists:nth(8, T) / 2, lists:nth(8, C)]).
"""

JAVA = """import java.lang.instrument.*;
import java.nio.file.*;
import java.util.*;
public class Agent {
  static Instrumentation instrumentation;
  public static void premain(String arguments, Instrumentation i) { instrumentation = i; }
  public static void main(String[] arguments) throws Exception {
    byte[][] versions = { Files.readAllBytes(Paths.get("b/Work.class")), Files.readAllBytes(Paths.get("a/Work.class")) };
    int sum = Work.work(1);
    List<Long> times = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      long start = System.nanoTime();
      instrumentation.redefineClasses(new ClassDefinition(Work.class, versions[i % 2]));
      times.add(System.nanoTime() - start);
      sum += Work.work(i);
    }
    Collections.sort(times);
    System.out.println(times.get(20) / 1000.0);
  }
}
"""

DLOPEN = """#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
static double now(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec * 1e6 + t.tv_nsec / 1e3; }
static int compare(const void* a, const void* b) { double x = *(const double*)a, y = *(const double*)b; return (x > y) - (x < y); }
static int (*table[%(count)d])(int);
int main(void) {
  double times[40];
  int sum = 0;
  for (int i = 0; i < 40; i++) {
    double start = now();
    void* handle = dlopen(i %% 2 ? "./a.so" : "./b.so", RTLD_NOW | RTLD_LOCAL);
    char name[32];
    for (int f = 0; f < %(count)d; f++) {
      snprintf(name, sizeof name, "f%%d", f);
      table[f] = (int (*)(int))dlsym(handle, name);
    }
    times[i] = now() - start;
    sum += table[0](i);
    dlclose(handle);
  }
  qsort(times, 40, sizeof *times, compare);
  printf("%%f\\n", times[20]);
  return sum == 42;
}
"""


def write(folder, name, text):
    os.makedirs(os.path.dirname(os.path.join(folder, name)), exist_ok=True)
    with open(os.path.join(folder, name), "w") as file:
        file.write(text)


def erlang(folder, count, records):
    for version, constant in (("a", 1), ("b", 2)):
        write(folder, version + "/work.erl", "-module(work).\n-export([%s]).\n" % ", ".join("f%d/1" % i for i in range(count))
              + "".join("f%d(A) -> (A bxor %d) * 3 + %d.\n" % (i, i, constant) for i in range(count)))
        measure.run(["erlc", "work.erl"], cwd=os.path.join(folder, version))
    write(folder, "bench_driver.erl", ERLANG % {"records": records})
    measure.run(["erlc", "bench_driver.erl"], cwd=folder)
    return [float(x) for x in measure.run(["erl", "-noshell", "-s", "bench_driver", "main", "-s", "init", "stop"], cwd=folder).split()]


def java(folder, count):
    for version, constant in (("a", 1), ("b", 2)):
        write(folder, version + "/Work.java", "public class Work {\n" + "".join("  static int f%d(int a) { return (a ^ %d) * 3 + %d; }\n" % (i, i, constant) for i in range(count))
              + "  static int work(int n) {\n" + "".join("    n += f%d(n);\n" % i for i in range(count)) + "    return n;\n  }\n}\n")
        measure.run(["javac", "Work.java"], cwd=os.path.join(folder, version))
    write(folder, "Agent.java", JAVA)
    measure.run(["javac", "-cp", "a", "Agent.java"], cwd=folder)
    write(folder, "manifest", "Premain-Class: Agent\nCan-Redefine-Classes: true\n")
    measure.run(["jar", "cfm", "agent.jar", "manifest", "Agent.class"], cwd=folder)
    return float(measure.run(["java", "-javaagent:agent.jar", "-cp", "a:.", "Agent"], cwd=folder))


def dlopen(folder, count):
    for version, constant in (("a", 1), ("b", 2)):
        write(folder, version + ".c", "".join("int f%d(int a) { return (a ^ %d) * 3 + %d; }\n" % (i, i, constant) for i in range(count)))
        measure.run(["cc", "-O2", "-shared", "-fPIC", "-o", version + ".so", version + ".c"], cwd=folder)
    write(folder, "main.c", DLOPEN % {"count": count})
    measure.run(["cc", "-O2", "-o", "main", "main.c", "-ldl"], cwd=folder)
    return float(measure.run(["./main"], cwd=folder))


CONVERTED = """#include "core.h"
struct rec { int a; int b;%(field)s }
rec all[] = {: rec };
int work(int n) {
  if (size(all) < 2) {
    all = new_array(%(count)d, ^rec(0, 0%(value)s));
    for (int i = 0; i < %(count)d; i++) all[i] = ^rec(i, i%(value)s);
  }
  return all[n].b;
}
"""


def beside_others(context):
    """A hundred functions replaced, and a million records converted."""
    context.say("updating: beside other systems")
    count, records = 100, 1000000 if context.runs > 1 else 100000
    folder = os.path.join(context.work, "others")
    driver = DRIVER % {"state": "", "start": "", "rounds": 1}
    reports = []
    code = write_versions(context, "others-code", [functions(count, 1), functions(count, 2)], driver)
    data = write_versions(context, "others-data", [CONVERTED % {"field": "", "value": "", "count": records}, CONVERTED % {"field": " int c;", "value": ", 0", "count": records}], driver)
    converted = []
    for _ in range(context.runs):
        for where, into in ((code, reports), (data, converted)):
            running = Running(context, where)
            running.update("p1.pup")
            into.append(running.history()[-1])
            running.end()
    middle = lambda values: statistics.median(values) / 1e3
    ms = lambda microseconds: "%.3f" % (microseconds / 1e3)
    rows = [["Popcorn, whole update (verified, linked, loaded, committed)", ms(middle([sum(r["step_ns"].values()) for r in reports])), ms(middle([sum(r["step_ns"].values()) for r in converted]))],
            ["Popcorn, of that the program stands still", ms(middle([r["pause_ns"] for r in reports])), ms(middle([r["pause_ns"] for r in converted]))]]
    notes = []
    if shutil.which("erl") and shutil.which("erlc"):
        load, change = erlang(os.path.join(folder, "erlang"), count, records)
        rows.append(["Erlang/OTP: load_binary; code_change as a list comprehension", ms(load), ms(change)])
    else:
        notes.append("Erlang is not installed.")
    if shutil.which("javac") and shutil.which("jar"):
        rows.append(["JVM: redefineClasses (bodies only; types cannot change)", ms(java(os.path.join(folder, "java"), count)), "-"])
    else:
        notes.append("A JDK is not installed.")
    rows.append(["C: dlopen and dlsym of all (nothing is checked; callers go through a table)", ms(dlopen(os.path.join(folder, "c"), count)), "-"])
    return ("%d functions replaced; %d records get a field. Milliseconds of wall time, medians:\n\n" % (count, records)
            + measure.table(["", "code", "records"], rows) + "".join("\n%s\n" % note for note in notes))


def report(context):
    return "\n".join(part(context) for part in (steady_state, by_functions, many_updates, rehearsal, beside_others))
