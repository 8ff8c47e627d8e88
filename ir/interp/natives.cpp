// The natives that test programs need: printing to standard output and strings. Streams are recognised by nothing: whatever
// is printed to any stream goes to the one output.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <utility>

#include "ir/evaluate.h"
#include "ir/interp/machine.h"

namespace ir::interp {
namespace {

using Args = std::span<const Word>;

int to_int(Word w) { return static_cast<int>(static_cast<uint32_t>(w)); }
Word from_int(int64_t value) { return static_cast<uint32_t>(value); }

bool nothing(Machine&, Args, Word&) { return true; }
bool print_int(Machine& m, Args a, Word&) { return m.print(std::to_string(to_int(a.back()))), true; }
bool print_uint(Machine& m, Args a, Word&) { return m.print(std::to_string(static_cast<uint32_t>(a.back()))), true; }
bool print_long(Machine& m, Args a, Word&) { return m.print(std::to_string(static_cast<int64_t>(a.back()))), true; }
bool print_ulong(Machine& m, Args a, Word&) { return m.print(std::to_string(a.back())), true; }
bool print_string(Machine& m, Args a, Word&) { return m.print(Machine::text(a.back())), true; }
bool print_char(Machine& m, Args a, Word&) { return m.print(std::string(1, static_cast<char>(a.back()))), true; }
bool print_newline(Machine& m, Args, Word&) { return m.print("\n"), true; }

std::string hex(Word value) {
  char text[16];
  std::snprintf(text, sizeof text, "%x", static_cast<uint32_t>(value));
  return text;
}
bool print_hex(Machine& m, Args a, Word&) { return m.print(hex(a.back())), true; }

// printf's directives: value, letter, flags, width, precision (flags: 1 for -, 2 for 0, 4 for +, 8 for a blank, 16 for #).
std::string directive(Args a, const char* tail) {
  std::string format = "%";
  for (int i = 0; i < 5; ++i)
    if (a[0] >> i & 1)
      format += "-0+ #"[i];
  if (to_int(a[1]) != 0)
    format += std::to_string(to_int(a[1]));
  if (to_int(a[2]) >= 0)
    format += "." + std::to_string(to_int(a[2]));
  return format + tail;
}
template <typename Value> std::string print_formatted(const std::string& format, Value value) {
  char text[8192];
  int length = std::snprintf(text, sizeof text, format.c_str(), value);
  return std::string(text, static_cast<size_t>(std::min<int>(length, sizeof text - 1)));
}
std::string integer_directive(Args a) {
  const char tail[] = {'l', 'l', static_cast<char>(a[1]), '\0'};
  return print_formatted(directive(a.subspan(2), tail), static_cast<unsigned long long>(a[0]));
}
std::string string_directive(Args a) { return print_formatted(directive(a.subspan(1), "s"), Machine::text(a[0]).c_str()); }

bool give(Machine& m, Word& result, const std::string& text) {
  result = m.make_string(text);
  return true;
}
bool print_integer_directive(Machine& m, Args a, Word&) { return m.print(integer_directive(a.subspan(1))), true; }
bool format_integer_directive(Machine& m, Args a, Word& r) { return give(m, r, integer_directive(a)); }
bool print_string_directive(Machine& m, Args a, Word&) { return m.print(string_directive(a.subspan(1))), true; }
bool format_string_directive(Machine& m, Args a, Word& r) { return give(m, r, string_directive(a)); }

double to_double(Word w) { return float_value(w, 64); }
double from_float(Word w) { return float_value(w, 32); }
std::string float_directive(Args a) {
  const char tail[] = {static_cast<char>(a[1]), '\0'};
  return print_formatted(directive(a.subspan(2), tail), to_double(a[0]));
}
bool print_float(Machine& m, Args a, Word&) { return m.print(print_formatted("%G", from_float(a.back()))), true; }
bool print_double(Machine& m, Args a, Word&) { return m.print(print_formatted("%G", to_double(a.back()))), true; }
bool print_float_directive(Machine& m, Args a, Word&) { return m.print(float_directive(a.subspan(1))), true; }
bool format_float_directive(Machine& m, Args a, Word& r) { return give(m, r, float_directive(a)); }
bool string_of_float(Machine& m, Args a, Word& r) { return give(m, r, print_formatted("%.6g", from_float(a[0]))); }
bool string_of_double(Machine& m, Args a, Word& r) { return give(m, r, print_formatted("%.6g", to_double(a[0]))); }
bool hex_of_float(Machine& m, Args a, Word& r) { return give(m, r, print_formatted("%08llx", static_cast<unsigned long long>(a[0]))); }
bool hex_of_double(Machine& m, Args a, Word& r) { return give(m, r, print_formatted("%016llx", static_cast<unsigned long long>(a[0]))); }
template <double (*function)(double)> bool apply(Machine&, Args a, Word& r) { return r = float_bits(function(to_double(a[0])), 64), true; }
template <double (*function)(double, double)> bool apply2(Machine&, Args a, Word& r) {
  return r = float_bits(function(to_double(a[0]), to_double(a[1])), 64), true;
}

bool string_of_int(Machine& m, Args a, Word& r) { return give(m, r, std::to_string(to_int(a[0]))); }
bool string_of_uint(Machine& m, Args a, Word& r) { return give(m, r, std::to_string(static_cast<uint32_t>(a[0]))); }
bool string_of_long(Machine& m, Args a, Word& r) { return give(m, r, std::to_string(static_cast<int64_t>(a[0]))); }
bool hex_string(Machine& m, Args a, Word& r) { return give(m, r, hex(a[0])); }

bool new_string(Machine& m, Args a, Word& r) {
  if (to_int(a[0]) < 0)
    return m.raise("Core::InvalidArg", m.make_string("new_string"));
  r = Machine::word(m.make(static_cast<size_t>(to_int(a[0]))));
  return true;
}
bool new_zeros(Machine& m, Args a, Word& r) {
  if (to_int(a[0]) < 0)
    return m.raise("Core::InvalidArg", m.make_string("new_array"));
  r = Machine::word(m.make(static_cast<size_t>(to_int(a[0]))));
  return true;
}
bool concat(Machine& m, Args a, Word& r) { return give(m, r, Machine::text(a[0]) + Machine::text(a[1])); }

bool in_range(const Object* o, int64_t from, int64_t count) {
  return from >= 0 && count >= 0 && from + count <= static_cast<int64_t>(o->words.size());
}
bool copy(Machine& m, Args a, Word&) {
  Object *to = Machine::object(a[0]), *from = Machine::object(a[2]);
  int64_t to_at = to_int(a[1]), from_at = to_int(a[3]), count = to_int(a[4]);
  if (!in_range(to, to_at, count) || !in_range(from, from_at, count))
    return m.raise("Core::InvalidArg", m.make_string("strncpy"));
  std::vector<Word> piece(from->words.begin() + from_at, from->words.begin() + from_at + count);
  std::copy(piece.begin(), piece.end(), to->words.begin() + to_at);
  return true;
}
bool compare(Machine&, Args a, Word& r) {
  const Object *x = Machine::object(a[0]), *y = Machine::object(a[1]);
  for (size_t i = 0; i < x->words.size() && i < y->words.size(); ++i)
    if (x->words[i] != y->words[i])
      return r = from_int(static_cast<int64_t>(x->words[i]) - static_cast<int64_t>(y->words[i])), true;
  return r = from_int(static_cast<int64_t>(x->words.size()) - static_cast<int64_t>(y->words.size())), true;
}
bool do_exit(Machine& m, Args a, Word&) { return m.exit(a[0]); }
double power_of_2_minus_1(double x) { return std::expm1(x * 0.693147180559945309417); }
bool string_of_ulong(Machine& m, Args a, Word& r) { return give(m, r, std::to_string(a[0])); }
bool arguments(Machine& m, Args, Word& r) { return r = m.program_arguments(), true; }
bool no_strings(Machine& m, Args, Word& r) { return r = Machine::word(m.make(0)), true; }

struct Row {
  const char* name;
  Native native;
};
constexpr Row kNatives[] = {
    {"fprint_int", print_int},
    {"fprint_uint", print_uint},
    {"fprint_long", print_long},
    {"fprint_ulong", print_ulong},
    {"fprint_string", print_string},
    {"fprint_char", print_char},
    {"fprint_newline", print_newline},
    {"fflush", nothing},
    {"Core::fprint_hex", print_hex},
    {"Core::fprint_integer_directive", print_integer_directive},
    {"Core::format_integer_directive", format_integer_directive},
    {"Core::fprint_string_directive", print_string_directive},
    {"Core::format_string_directive", format_string_directive},
    {"fprint_float", print_float},
    {"fprint_double", print_double},
    {"Core::fprint_float_directive", print_float_directive},
    {"Core::format_float_directive", format_float_directive},
    {"f_to_str", string_of_float},
    {"d_to_str", string_of_double},
    {"f_to_hexstr", hex_of_float},
    {"d_to_hexstr", hex_of_double},
    {"Core::string_of_float", string_of_float},
    {"Core::string_of_double", string_of_double},
    {"Core::hexstr_of_float", hex_of_float},
    {"Core::hexstr_of_double", hex_of_double},
    {"new_array1", new_zeros},
    {"new_array2", new_zeros},
    {"new_array4", new_zeros},
    {"new_array4u", new_zeros},
    {"new_array8", new_zeros},
    {"new_array_float", new_zeros},
    {"new_array_double", new_zeros},
    {"power", apply2<std::pow>},
    {"Math::sqrt", apply<std::sqrt>},
    {"Math::cos", apply<std::cos>},
    {"Math::sin", apply<std::sin>},
    {"Math::atan", apply2<std::atan2>},
    {"Math::tan", apply<std::tan>},
    {"Math::exp", apply<std::exp>},
    {"Math::log", apply<std::log>},
    {"Math::log2", apply<std::log2>},
    {"Math::log10", apply<std::log10>},
    {"Math::f2xm1", apply<power_of_2_minus_1>},
    {"Math::frem", apply2<std::fmod>},
    {"arc_cos", apply<std::acos>},
    {"arc_sin", apply<std::asin>},
    {"Math::floor", apply<std::floor>},
    {"Math::ceil", apply<std::ceil>},
    {"Math::trunc", apply<std::trunc>},
    {"Math::fround", apply<std::nearbyint>},
    {"Core::string_of_int", string_of_int},
    {"Core::string_of_uint", string_of_uint},
    {"Core::string_of_long", string_of_long},
    {"Core::string_of_ulong", string_of_ulong},
    {"Core::hex_string_of_uint", hex_string},
    {"new_string", new_string},
    {"Core::strconcat", concat},
    {"Core::strncpy", copy},
    {"Core::strcmp", compare},
    {"exit", do_exit},
    {"std_args", arguments},
    {"std_env", no_strings},
    {"Dsu::update_point", nothing},
};

} // namespace

Native find_native(std::string_view name) {
  for (const Row& row : kNatives)
    if (row.name == name)
      return row.native;
  return nullptr;
}

} // namespace ir::interp
