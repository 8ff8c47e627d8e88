"""Compares the enumerators of a header with what Python's modules call the same. usage: check_constants.py HEADER"""
import errno, os, re, resource, select, signal, socket, stat, sys, time

OTHER = {"S_IFMT": 0o170000, "CLOCK_BOOTTIME": 7, "SHUT_RD": 0, "SHUT_WR": 1, "SHUT_RDWR": 2, "EPOLL_CTL_ADD": 1, "EPOLL_CTL_DEL": 2, "EPOLL_CTL_MOD": 3,
         "EFD_SEMAPHORE": 1, "EFD_NONBLOCK": os.O_NONBLOCK, "TFD_TIMER_ABSTIME": 1, "TFD_NONBLOCK": os.O_NONBLOCK,
         "SIGNAL_DEFAULT": 0, "SIGNAL_IGNORE": 1, "SIGNAL_NOTE": 2, "MSG_NOSIGNAL": 0x4000, "MSG_MORE": 0x8000}
unknown, checked = [], 0
text = re.sub(r"//[^\n]*", "", open(sys.argv[1]).read())
for body in re.findall(r"enum \w+ \{([^}]*)\}", text):
    for name, value in re.findall(r"(\w+) = (\w+)", body):
        found = [getattr(m, name) for m in (errno, os, resource, select, signal, socket, stat, time) if isinstance(getattr(m, name, None), int)] or [OTHER.get(name)]
        if found[0] is None:
            unknown.append(name)
        elif int(found[0]) & 0xffffffff != int(value, 0):
            print("%s is %s, not %d" % (name, value, found[0]))
        else:
            checked += 1
print("unknown: " + " ".join(unknown) if unknown else "all known")
print("checked" if checked > 250 else "only %d checked" % checked)
