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

void Module::dump() const { std::fputs(print_module(*this).c_str(), stderr); }
void Module::dump(FuncId id) const { std::fputs(print_function(*this, function(id)).c_str(), stderr); }

} // namespace ir
