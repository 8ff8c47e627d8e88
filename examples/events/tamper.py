#!/usr/bin/env python3
"""Makes a patch file that is well formed and ill typed: puts a system call at the entry of its first function and
repairs the checksum. A program has to refuse it.

usage: tamper.py GOOD.pup BAD.pup
"""
import hashlib
import struct
import sys

HEADER = 8 + 4 + 4 + 32  # magic, version, reserved, checksum


def text_section(elf):
    """Offset of .text in an ELF64 object."""
    table, entry, count, names = struct.unpack_from("<Q", elf, 40)[0], *struct.unpack_from("<HHH", elf, 58)
    sections = [struct.unpack_from("<IIQQQQ", elf, table + i * entry) for i in range(count)]
    strings = sections[names][4]
    for name, _, _, _, offset, _ in sections:
        if elf[strings + name:].split(b"\0", 1)[0] == b".text":
            return offset
    sys.exit("tamper: no .text")


def main():
    good, bad = sys.argv[1:]
    data = bytearray(open(good, "rb").read())
    start = data.find(b"\x7fELF")
    offset = text_section(data[start:])
    at = start + offset
    while data[at] == 0xCC:  # padding before the first function
        at += 1
    data[at:at + 2] = b"\x0f\x05"  # syscall
    data[16:HEADER] = hashlib.sha256(data[HEADER:]).digest()
    open(bad, "wb").write(data)


main()
