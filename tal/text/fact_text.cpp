// Facts of signatures as text: `a1 - len(a0) <= -1`, `result <= 9`. Declarations of natives have none, so nobody who verifies reads any.
#include "tal/natives/type_parser.h"

#include <algorithm>
#include <charconv>

namespace tal {

// a0, a1, ... are the arguments.
std::string print_fact(const SigFact& fact, bool of_result) {
  auto operand = [&](SigFact::Of of, unsigned i) {
    const std::string word = of == SigFact::Of::Zero ? "0" : of_result ? "result" : "a" + std::to_string(i);
    return of == SigFact::Of::Length ? "len(" + word + ")" : word;
  };
  return operand(fact.x_of, fact.x) + " - " + operand(fact.y_of, fact.y) + " <= " + std::to_string(fact.c);
}

// In any order here; a type has one.
std::vector<SigFact> TypeParser::facts(TokenStream& in, bool of_result) {
  std::vector<SigFact> list;
  auto word = [&](uint8_t& number) {
    std::string name;
    in.name(name);
    unsigned n = 0;
    const char* end = name.data() + name.size();
    auto is_argument = [&] {
      const auto [last, error] = std::from_chars(name.data() + 1, end, n);
      return error == std::errc{} && last == end && n <= 255;
    };
    if (of_result ? name != "result" : !name.starts_with('a') || !is_argument())
      in.fail_with("expected an operand of a fact, got `" + name + "`");
    number = static_cast<uint8_t>(n);
  };
  auto operand = [&](SigFact::Of& of, uint8_t& number) {
    if (in.accept("0"))
      return;
    of = in.accept("len") ? SigFact::Of::Length : SigFact::Of::Value;
    if (of == SigFact::Of::Length)
      in.expect("(");
    word(number);
    if (of == SigFact::Of::Length)
      in.expect(")");
  };
  do {
    SigFact& f = list.emplace_back();
    operand(f.x_of, f.x);
    if (in.accept("-"))
      operand(f.y_of, f.y);
    in.expect("<=");
    in.number(f.c);
  } while (in.accept(","));
  std::sort(list.begin(), list.end());
  return list;
}

} // namespace tal
