#include "console.h"

namespace talsim {

std::string Console::text(Machine& m, const Word& w) const {
  const Object& o = m.heap[w.id];
  return std::string(reinterpret_cast<const char*>(o.bytes.data()) + 8, o.length());
}

Word Console::array(Machine& m, unsigned bytes, uint64_t length) {
  return m.heap.pointer(m.heap.new_array(m.types.array(m.types.integer(bytes), true), length));
}

Word Console::string(Machine& m, const std::string& text) {
  Word w = array(m, 1, text.size());
  std::copy(text.begin(), text.end(), m.heap[w.id].bytes.begin() + 8);
  return w;
}

Word Console::initial(Machine& m, TypeRef type, const std::string&) {
  const Type& t = m.types[type];
  if (t.sort == Sort::Ptr && m.types.layout(t.target) == 0) // a stream
    return m.heap.pointer(m.heap.new_opaque(t.target));
  return number(0);
}

Outcome Console::call(Machine& m, const Closure& f, const std::vector<Word>& a, Word& result) {
  m.safepoint(a);
  const std::string& n = f.name;
  auto i32 = [&](size_t i) { return std::to_string(static_cast<int32_t>(a[i].bits)); };
  auto u64 = [&](size_t i) { return std::to_string(a[i].bits); };
  auto i64 = [&](size_t i) { return std::to_string(static_cast<int64_t>(a[i].bits)); };
  auto prints = [&](const std::string& s) {
    output_ += s;
    return Outcome::Returned;
  };
  auto gives = [&](const Word& w) {
    result = w;
    return Outcome::Returned;
  };
  if (n == "fprint_int")
    return prints(i32(1));
  if (n == "fprint_uint" || n == "fprint_ulong")
    return prints(u64(1));
  if (n == "fprint_long")
    return prints(i64(1));
  if (n == "fprint_string")
    return prints(text(m, a[1]));
  if (n == "fprint_char")
    return prints(std::string(1, static_cast<char>(a[1].bits)));
  if (n == "fprint_newline")
    return prints("\n");
  if (n == "fflush" || n == "GC_gcollect" || n == "Dsu::update_point")
    return Outcome::Returned;
  if (n == "new_string" || n.starts_with("new_array")) {
    unsigned bytes = n == "new_string" ? 1 : static_cast<unsigned>(n[9] - '0');
    auto length = static_cast<int32_t>(a[0].bits);
    return length < 0 ? m.raise_native("OutOfMemory") : gives(array(m, bytes, static_cast<uint64_t>(length)));
  }
  if (n == "Core::strconcat")
    return gives(string(m, text(m, a[0]) + text(m, a[1])));
  if (n == "Core::strcmp") {
    int c = text(m, a[0]).compare(text(m, a[1]));
    return gives(number(static_cast<uint32_t>(c < 0 ? -1 : c > 0 ? 1 : 0)));
  }
  if (n == "Core::string_of_int")
    return gives(string(m, i32(0)));
  if (n == "Core::string_of_uint" || n == "Core::string_of_ulong")
    return gives(string(m, u64(0)));
  if (n == "Core::string_of_long")
    return gives(string(m, i64(0)));
  if (n == "exit") {
    m.stop.why = Stop::Why::Exit;
    m.stop.status = static_cast<int>(a[0].bits & 255);
    return Outcome::Stopped;
  }
  return m.limit("no native " + n + " here");
}

} // namespace talsim
