"""usage: all_names.py PROGRAM HEADERS COUNT

Every name that PROGRAM declares extern, within `prefix M { .. }` or none, is declared by a header in the directory HEADERS, too. There are COUNT.
"""
import glob
import os
import re
import sys

DECLARATION = re.compile(
    r"^\s*extern\s+(?:exception\s+(\w+)|\??(?:struct|union|abstype)\s*(?:<[^>]*>\s*)?(\w+)|(\w+)(?:<[^>]*>)?\??;"
    r"|.*?(?<!\bf)(?<!\w::)\b(\w+)\s*(?:<[\w,]*>)?\s*(?:\(|;))")


def names(path):
    prefix, depth, found = "", 0, set()
    with open(path) as file:
        for line in file:
            opened = re.match(r"prefix (\w+) \{", line)
            if opened:
                prefix = opened.group(1) + "::"
            declared = DECLARATION.match(line)
            if declared:
                found.add(prefix + next(name for name in declared.groups() if name))
            depth += line.count("{") - line.count("}")
            if depth == 0:
                prefix = ""
    return found


wanted = names(sys.argv[1])
known = set().union(*(names(path) for path in glob.glob(os.path.join(sys.argv[2], "*.h"))))
for name in sorted(wanted - known):
    print("no header declares", name)
if len(wanted) != int(sys.argv[3]):
    print("%d names read" % len(wanted))
sys.exit(bool(wanted - known) or len(wanted) != int(sys.argv[3]))
