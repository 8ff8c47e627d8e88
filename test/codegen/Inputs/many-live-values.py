# Writes a function with that many variables, all alive over all of its branches.
import sys

count = int(sys.argv[1])
print("extern int g(int x);\nint all(int a) {")
for k in range(count):
    print("  int x%d = g(a + %d);" % (k, k))
print("  int s = 0;")
for k in range(count):
    print("  if (s > x%d) s += x%d;" % (k, k))
print("  return s;\n}")
