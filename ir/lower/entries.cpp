// Functions as entries of the module's table: one for most functions; for a function with type variables whose width must be known, one
// for each width (docs/language.md, "Arrays of a type variable").
#include <utility>

#include "ir/lower/module_lowering.h"

namespace ir::lowering {

using frontend::TypeId;

namespace {

constexpr uint8_t array_widths[] = {1, 2, 4, 8};

bool needs_width(const typed::Symbol& symbol, size_t variable) { return variable < 64 && (symbol.width_params >> variable & 1) != 0; }

// Variables as this entry sees them.
std::vector<TypeId> variables(frontend::TypeStore& types, std::span<const uint8_t> widths) {
  std::vector<TypeId> result;
  for (uint32_t i = 0; i < widths.size(); ++i)
    result.push_back(types.var(0, i, widths[i]));
  return result;
}

} // namespace

// A function of this module exists at the widths that its code needs. Of another module's code nothing is known but the signature: the
// widths of all type arguments are asked for, and the link check takes the entry for all types where there is none for these.
Widths ModuleLowering::widths_for(const typed::Symbol& symbol, std::span<const TypeId> type_args) {
  Widths widths(types().get(symbol.type).type_params, 0); // a polymorphic value has no type arguments for some
  bool any = false;
  for (size_t i = 0; i < type_args.size(); ++i) {
    const frontend::Type& arg = types().get(type_args[i]);
    if (symbol.scope == frontend::Scope::Extern || needs_width(symbol, i))
      widths[i] = arg.kind == frontend::TypeKind::Var ? arg.width : static_cast<uint8_t>(types().byte_size(type_args[i]));
    any |= widths[i] != 0;
  }
  return any ? widths : Widths{};
}

FuncId ModuleLowering::function(typed::SymbolId symbol, std::span<const TypeId> type_args) {
  return function_entry(symbol, widths_for(source_.symbol(symbol), type_args));
}

FuncId ModuleLowering::function_entry(typed::SymbolId symbol, const Widths& widths) {
  auto [known, is_new] = function_entries_.try_emplace({symbol.value, widths}, static_cast<uint32_t>(module().functions.size()));
  if (is_new) {
    module().functions.push_back(signature(symbol, widths));
    if (const auto defined = definitions_.find(symbol.value); defined != definitions_.end()) {
      name_parameters(source_.functions[defined->second], module().functions.back());
      pending_.push_back({defined->second, widths, {known->second}});
    }
  }
  return {known->second};
}

// All widths of a function that other modules may call; those of a static one are entered when they are met.
void ModuleLowering::declare_entries(const typed::Function& source) {
  const typed::Symbol& symbol = source_.symbol(source.symbol);
  if (symbol.width_params == 0) {
    function_entry(source.symbol, {});
    return;
  }
  if (symbol.scope == frontend::Scope::Static)
    return;
  std::vector<size_t> wanted;
  for (size_t i = 0; i < source.type_params.size(); ++i)
    if (needs_width(symbol, i))
      wanted.push_back(i);
  Widths widths(source.type_params.size(), 0);
  for (size_t number = 0; number < size_t{1} << (2 * wanted.size()); ++number) {
    for (size_t i = 0; i < wanted.size(); ++i)
      widths[wanted[i]] = array_widths[number >> (2 * (wanted.size() - 1 - i)) & 3];
    function_entry(source.symbol, widths);
  }
}

// Type variables of imported functions have no names of their own: a, b, .., z, a26, ..
static std::string variable_name(uint32_t index) {
  std::string name(1, static_cast<char>('a' + index % 26));
  return index < 26 ? name : name + std::to_string(index);
}

Function ModuleLowering::signature(typed::SymbolId id, const Widths& widths) {
  const typed::Symbol& symbol = source_.symbol(id);
  const frontend::Type type = types().get(symbol.type);
  Function function;
  function.name = entry_name(symbol.name.view(), widths);
  function.linkage = linkage_of(symbol.scope);
  function.type = symbol.type;
  function.loc = symbol.loc;
  function.widths = widths;
  const std::vector<TypeId> vars = variables(types(), widths);
  for (TypeId param : type.args)
    function.param_types.push_back(types().substitute(param, vars));
  function.return_type = types().substitute(type.element, vars);
  if (!widths.empty())
    function.type = types().function(function.param_types, function.return_type, type.type_params, type.convention);
  for (uint32_t i = 0; i < type.type_params; ++i)
    function.type_params.push_back(variable_name(i));
  return function;
}

void ModuleLowering::name_parameters(const typed::Function& source, Function& function) {
  for (size_t i = 0; i < source.type_params.size(); ++i)
    function.type_params[i] = source.type_params[i].str();
  for (typed::LocalId param : source.params)
    function.param_names.push_back(source.body.local(param).name.str());
}

// The function with the widths of its type variables filled in everywhere.
static typed::Function at_widths(const typed::Function& source, frontend::TypeStore& types, const Widths& widths) {
  typed::Function result = source;
  const std::vector<TypeId> vars = variables(types, widths);
  auto fill = [&](TypeId& type) { type = types.substitute(type, vars); };
  fill(result.result);
  for (typed::Local& local : result.body.locals)
    fill(local.type);
  for (TypeId& type : result.body.type_pool)
    fill(type);
  for (typed::Expr& expr : result.body.exprs) {
    fill(expr.type);
    if (auto* assign = std::get_if<typed::CompoundAssign>(&expr.node))
      fill(assign->compute_type);
    else if (auto* rep = std::get_if<typed::RepTerm>(&expr.node))
      fill(rep->of);
  }
  return result;
}

// Bodies name further entries of static functions, which then have to be lowered as well.
std::optional<Lowering::Lowered> ModuleLowering::next() {
  if (next_ == pending_.size())
    return std::nullopt;
  const PendingBody body = pending_[next_++];
  const typed::Function& source = source_.functions[body.source];
  if (body.widths.empty())
    lower_function(*this, source, body.target);
  else
    lower_function(*this, at_widths(source, types(), body.widths), body.target);
  return Lowering::Lowered{body.target, body.source, source_.symbol(source.symbol).width_params == 0};
}

} // namespace ir::lowering
