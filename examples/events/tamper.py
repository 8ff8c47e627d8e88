#!/usr/bin/env python3
"""Makes a patch file that is well formed and not type-safe: changes its machine code and repairs the checksum. A program has
to refuse it.

usage: tamper.py field|syscall GOOD.pup BAD.pup
  field    a load of an int at offset 8 of a struct reads at offset 4 instead: half of the reference that is stored there
  syscall  the first function starts with a system call
"""
import hashlib
import re
import struct
import sys

HEADER = 8 + 4 + 4 + 32  # magic, version, reserved, checksum


def text_sections(data):
    """(start, end) of .text of every ELF64 object in the file."""
    for match in re.finditer(b"\x7fELF", data):
        base = match.start()
        elf = data[base:]
        table = struct.unpack_from("<Q", elf, 40)[0]
        _, count, names = struct.unpack_from("<HHH", elf, 58)
        sections = [struct.unpack_from("<IIQQQQ", elf, table + i * 64) for i in range(count)]
        strings = sections[names][4]
        for name, _, _, _, offset, size in sections:
            if elf[strings + name:].split(b"\0", 1)[0] == b".text":
                yield base + offset, base + offset + size


def misread_field(data):
    # mov r32, [r64+8]: 8B, ModRM with mod 01, disp8; no REX prefix, no SIB byte.
    load = re.compile(rb"(?<![\x40-\x4f])\x8b[\x40-\x43\x45-\x4b\x4d-\x53\x55-\x5b\x5d-\x63\x65-\x6b\x6d-\x73\x75-\x7b\x7d-\x7f]\x08")
    for start, end in text_sections(data):
        if found := load.search(bytes(data[start:end])):
            data[start + found.start() + 2] = 4
            return
    sys.exit("tamper: no load at offset 8")


def system_call(data):
    start, _ = next(text_sections(data))
    while data[start] == 0xCC:  # padding before the first function
        start += 1
    data[start:start + 2] = b"\x0f\x05"


def main():
    if len(sys.argv) != 4 or sys.argv[1] not in ("field", "syscall"):
        sys.exit(__doc__)
    kind, good, bad = sys.argv[1:]
    data = bytearray(open(good, "rb").read())
    (misread_field if kind == "field" else system_call)(data)
    data[16:HEADER] = hashlib.sha256(data[HEADER:]).digest()
    open(bad, "wb").write(data)


main()
