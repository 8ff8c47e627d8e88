#include "ir/ir.h"

#include <cstdio>
#include <iterator>

#include "ir/printer.h"

namespace ir {
namespace {

using namespace flags;
constexpr OpInfo kOps[] = {
#define OP(name, text, operands, result, attribute, flag_set) {text, operands, ResultRule::result, Attribute::attribute, flag_set},
#include "ir/ir.def"
};

} // namespace

const OpInfo& info(Op op) { return kOps[static_cast<size_t>(op)]; }
size_t op_count() { return std::size(kOps); }

std::string entry_name(std::string_view function, std::span<const uint8_t> widths) {
  std::string name(function);
  bool any = false;
  for (uint8_t width : widths)
    any |= width != 0;
  for (size_t i = 0; any && i < widths.size(); ++i)
    name += widths[i] != 0 ? ".w" + std::to_string(widths[i]) : ".w";
  return name;
}

bool entry_serves(std::string_view function, std::string_view import) {
  if (base_name(function) != base_name(import))
    return false;
  const std::string_view base = base_name(function);
  function.remove_prefix(base.size());
  import.remove_prefix(base.size());
  if (function.empty())
    return true;
  while (!function.empty() && !import.empty()) {
    const std::string_view have = function.substr(0, function.find('.', 1)), want = import.substr(0, import.find('.', 1));
    if (have != want && have != ".w")
      return false;
    function.remove_prefix(have.size());
    import.remove_prefix(want.size());
  }
  return function.empty() && import.empty();
}

void Module::dump() const { std::fputs(print_module(*this).c_str(), stderr); }
void Module::dump(FuncId id) const { std::fputs(print_function(*this, function(id)).c_str(), stderr); }

} // namespace ir
