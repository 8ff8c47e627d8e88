"""Writes a large program twice, in Popcorn and in C: line for line the same but for how structures are named and read.

usage: generate.py LINES DIRECTORY
"""
import os
import sys

HEAD = {"pop": ["struct pair {{ int x; int y; }}", "struct cell{block} {{ int value; pair p; int items[]; }}"],
        "c": ["typedef struct pair {{ int x; int y; }} *pair;", "typedef struct cell{block} {{ int value; pair p; int *items; }} *cell{block};"]}

# Functions of a block; D stands for member access.
BLOCK = """\
int mix{n}(int a, int b) {{
  int x = a * 3 + {n};
  int y = b - x;
  int i;
  for (i = 0; i < 10; i++) {{
    x = x + y * i;
    if (x > 1000 && y < {n}) {{
      y = y - 1;
    }} else {{
      x = x ^ y;
    }}
  }}
  while (y > x) {{
    y = y / 2 - 1;
  }}
  return x + y;
}}

int sum{n}(int t[], int length) {{
  int i;
  int s = 0;
  for (i = 0; i < length; i++) {{
    if (t[i] > {n}) {{
      s = s + t[i];
    }} else {{
      t[i] = s & 255;
    }}
  }}
  return s;
}}

int update{n}(cell{n} c, pair p) {{
  int before = cDvalue;
  cDvalue = cDvalue + pDx * 2;
  cDpDy = mix{n}(cDpDx, pDy);
  if (before > cDvalue) {{
    cDp = p;
    return before - cDvalue;
  }}
  cDitems[0] = before;
  return sum{n}(cDitems, 4);
}}

int choose{n}(int k, int a, int b) {{
  unsigned int u = a;
  int r = 0;
  do {{
    if (k == 0) {{
      r = r + a;
    }} else if (k == 1) {{
      r = r - b;
    }} else {{
      r = r + mix{n}(a, b) % 7;
    }}
    k = k - 1;
    u = u * 2 + 1;
  }} while (k >= 0 && u > 0);
  return r;
}}
"""


def program(language, lines):
    block = BLOCK.replace("D", "." if language == "pop" else "->")
    per_block = block.count("\n") + 2
    out = [HEAD[language][0].format()]
    for n in range(max(1, lines // per_block)):
        out += [HEAD[language][1].format(block=n), block.format(n=n)]
    return "\n".join(out) + "\n"


def write(directory, lines):
    """(Popcorn file, C file)"""
    paths = []
    for language in ("pop", "c"):
        paths.append(os.path.join(directory, "generated%d.%s" % (lines, language)))
        with open(paths[-1], "w") as file:
            file.write(program(language, lines))
    return tuple(paths)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    print("\n".join(write(sys.argv[2], int(sys.argv[1]))))
