// Reads .tal.lines, from which messages say where in the source a call is (grammar in tal/object_annotations.cpp).
#include "tal/label_format.h"

namespace tal {

bool read_lines(ByteReader& in, ObjectAnnotations& a) {
  a.files.resize(in.count(1));
  for (std::string& f : a.files)
    f = in.string();
  a.lines.resize(in.count(3));
  uint32_t offset = 0;
  int64_t line = 0;
  for (LineEntry& l : a.lines) {
    l.offset = offset = in.beyond(offset);
    l.file = in.uleb32();
    int64_t delta = in.sleb64();
    if (l.file >= a.files.size() || delta > INT32_MAX || delta < -INT32_MAX)
      return false;
    line += delta;
    if (line < 0 || line > INT32_MAX)
      return false;
    l.line = static_cast<uint32_t>(line);
  }
  return !in.bad();
}

} // namespace tal
