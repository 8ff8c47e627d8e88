#!/usr/bin/env python3
"""chain.py DIR COUNT: a program of COUNT versions, whose types, functions and data change from each to the next, is taken from the first to the
last by patches while it serves, and compared with a fresh start of the last one that was asked the same. After ten good patches there is one
that fails.
"""
import os
import re
import shutil
import subprocess
import sys

from running import Server

SOURCE = """#include "core.h"
struct record { int id; %(value)s value; int extra%(k5)d; }
?struct node { record r; node next;%(before)s }
union kind { void None; int Number; record Whole; void Case%(k4)d; }
record table[] = {: record };
node list = null;
kind newest = ^kind.None;
int count%(k3)d = 0;
static string label() { return "version %(k)d"; }
int step(int a%(more_parameters)s) { return a + %(k)d; }
void start() {}
static void add() {
  record r = ^record(size(table), 3 * size(table), 0);
  record larger[] = new_array(size(table) + 1, r);
  for (int i = 0; i < size(table); i++) larger[i] = table[i];
  table = larger;
  list = ^node(r, list%(null)s);
  newest = size(table) %% 2 == 0 ? ^kind.Number(r.id) : ^kind.Whole(r);
}
static int sum() {
  int s = 0;
  for (int i = 0; i < size(table); i++) s = s * 7 + table[i].id + (:int)table[i].value + table[i].extra%(k5)d;
  for (node n = list; n != null; n = n.next) s = s * 5 + n.r.id + (n.r == table[n.r.id] ? 1 : 2);
  switch (newest) {
  case Number(n): return s + n;
  case Whole(r): return s + r.id;
  default: return s;
  }
}
void answer(string line) {
  if (Core::strcmp(line, "add") == 0) add();
  printf("%%s: %%d records, %%d, %%d\\n", label(), size(table), sum(), step(0%(more_arguments)s));
}
"""


def source(k):
    has_before = k % 3 == 0
    return SOURCE % {"k": k, "k3": k % 3, "k4": k % 4, "k5": k % 5, "value": "long" if k % 2 else "int", "before": " node before;" if has_before else "",
                     "null": ", null" if has_before else "", "more_parameters": ", int b" if k % 7 == 3 else "",
                     "more_arguments": ", 1" if k % 7 == 3 else ""}


def run(*words, cwd):
    result = subprocess.run(words, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60)
    if result.returncode != 0:
        sys.exit("%s:\n%s" % (" ".join(words), result.stdout))


def make(directory, count):
    here = os.path.dirname(os.path.abspath(__file__))
    for k in range(1, count + 1):
        folder = os.path.join(directory, "v%d" % k)
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, "server.pop"), "w") as file:
            file.write(source(k))
        for name in ("line.h", "line.pop", "loop.pop"):
            shutil.copy(os.path.join(here, name), folder)
    for k in (1, count):
        run("popc", "-dsu", "--dsu-version=v%d" % k, "-o", "server%d" % k, *["v%d/%s.pop" % (k, name) for name in ("line", "loop", "server")], cwd=directory)


def make_patch(directory, k, bad=False):
    name = "bad" if bad else "p%d" % k
    run("poppatch", "v%d" % (k - 1), "v%d" % k, "-o", name, cwd=directory)
    code = os.path.join(directory, name, "server_patch.pop")
    with open(code) as file:
        text = re.sub(r'Dsu::fill\("[^"]*"\)', "0", file.read())  # the new parameter of step
    if bad:
        text = '#include "dsu.h"\n' + text.replace("static void init() {", 'static void init() {\n  if (size(table) > 0) Dsu::refuse("bad");', 1)
    with open(code, "w") as file:
        file.write(text)
    run("popc", "-patch", "-o", name + ".pup", name, cwd=directory)
    return name + ".pup"


def main():
    directory, count = sys.argv[1], int(sys.argv[2])
    make(directory, count)
    with Server(directory, "server1") as server:
        for k in range(2, count + 1):
            server.ask("add")
            if k == 12:
                before, served = server.bindings(), server.ask("x")
                said = server.update(make_patch(directory, k, bad=True))
                print("after ten:", said, "-", "as before" if server.bindings() == before and server.ask("x") == served else "changed")
            outcome = server.apply(open(server.path(make_patch(directory, k)), "rb").read())
            if outcome != "applied":
                sys.exit("version %d: %s, %s" % (k, outcome, server.json("history", "PID")[-1]))
            if not server.ask("x").startswith("version %d: %d records" % (k, k - 1)):
                sys.exit("version %d serves %s" % (k, server.ask("x")))
        at_last = server.ask("x")
        print("updates:", server.json("status", "PID")["applied"])
        print("ended with", server.quit())
    with Server(directory, "server%d" % count) as server:
        for k in range(2, count + 1):
            server.ask("add")
        fresh = server.ask("x")
        print("fresh start:", "the same" if fresh == at_last else "%s, not %s" % (fresh, at_last))
        print("ended with", server.quit())


main()
