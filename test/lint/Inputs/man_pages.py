#!/usr/bin/env python3
"""man_pages.py PAGES BIN: each long option in `TOOL --help` stands in PAGES/TOOL.1; man, if it is there, has no complaints."""
import os
import re
import shutil
import subprocess
import sys

pages, bin_dir = sys.argv[1:]
bad = 0
for page in sorted(os.listdir(pages)):
    tool = page.removesuffix(".1")
    text = open(os.path.join(pages, page)).read().replace("\\-", "-")
    usage = subprocess.run([os.path.join(bin_dir, tool), "--help"], capture_output=True, text=True).stdout
    wanted = set(re.findall(r"--[a-z][a-z-]+", usage)) | set(re.findall(r"^ *(?:usage: )?%s ([a-z][a-z-]+)" % tool, usage, re.M))
    for word in sorted(wanted):
        if word not in text:
            bad = 1
            print("%s: `%s` of --help is missing" % (page, word))
    if shutil.which("groff"):
        complaints = subprocess.run(["groff", "-man", "-ww", "-z", os.path.join(pages, page)], capture_output=True, text=True).stderr
        if complaints:
            bad = 1
            print(complaints, end="")
sys.exit(bad)
