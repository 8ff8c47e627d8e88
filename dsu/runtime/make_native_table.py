#!/usr/bin/env python3
"""Writes native_table.cpp (see native_text.h) from natives.tali.

usage: make_native_table.py natives.tali OUTPUT
"""
import re
import sys

# Runtime entry points with typing rules of their own (tal/natives.h, enum Special).
ENTRY_POINTS = ["__tal_new", "__tal_newarray", "__tal_raise", "__tal_raise_null", "__tal_raise_bounds", "__tal_raise_div",
                "__tal_raise_variant", "__tal_update"]


def names(text):
    for line in text.splitlines():
        line = line.split("#")[0].strip()
        match = re.match(r"(?:data\s+|exception\s+)?([A-Za-z_][\w:]*?)\s*(?::\s|:$|\sof\s|$)", line)
        if match and not line.startswith(("type ", "abstract ")):
            yield match.group(1)


def main():
    source, output = sys.argv[1:]
    text = open(source).read()
    symbols = [(name, "poprt_" + name.replace("::", "__")) for name in names(text)]
    symbols += [(name, name) for name in ENTRY_POINTS]
    with open(output, "w") as out:
        out.write('// Generated from natives.tali by make_native_table.py.\n#include "dsu/runtime/native_text.h"\n\n')
        # Declared as bytes: only the addresses matter.
        out.write('extern "C" {\n' + "".join("extern const char %s[];\n" % symbol for _, symbol in symbols) + "}\n\n")
        out.write("namespace dsu {\n\nstd::string_view native_text() {\n  static const char text[] =\n")
        out.write("".join('      "%s\\n"\n' % line.replace("\\", "\\\\").replace('"', '\\"') for line in text.splitlines()))
        out.write("      ;\n  return {text, sizeof text - 1};\n}\n\nconst NativeAddress native_addresses[] = {\n")
        out.write("".join('    {"%s", %s},\n' % pair for pair in symbols))
        out.write("};\nconst uint32_t native_address_count = %d;\n\n}  // namespace dsu\n" % len(symbols))


main()
