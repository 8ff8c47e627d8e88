#!/usr/bin/env python3
"""Counts a log the way the events program does, to compare its report with. Prints `requests malformed failed`.

usage: count.py LOG
"""
import re
import sys

requests = malformed = failed = 0
for text in open(sys.argv[1]):
    text = text.rstrip("\n")
    if text in ("report", "quit"):
        continue
    match = re.fullmatch(r"\S+ \S+ (\d+) \d+", text)
    if not match:
        malformed += 1
        continue
    requests += 1
    failed += int(match.group(1)) >= 400
print(requests, malformed, failed)
