#include "ir/lower/module_lowering.h"

#include <utility>

namespace ir {

LowerResult lower(const frontend::typed::TypedModule& source) {
  lowering::ModuleLowering lowering(source);
  while (lowering.next()) {
  }
  return lowering.take_result();
}

Lowering::Lowering(const frontend::typed::TypedModule& source) : lowering_(std::make_unique<lowering::ModuleLowering>(source)) {}
Lowering::~Lowering() = default;
std::optional<Lowering::Lowered> Lowering::next() { return lowering_->next(); }
Module& Lowering::module() { return lowering_->module(); }
const std::vector<Unsupported>& Lowering::unsupported() const { return lowering_->unsupported(); }

namespace lowering {

Linkage linkage_of(frontend::Scope scope) {
  switch (scope) {
  case frontend::Scope::Static: return Linkage::Static;
  case frontend::Scope::Extern: return Linkage::Import;
  case frontend::Scope::Public:
  case frontend::Scope::Abstract: break;
  }
  return Linkage::Public;
}

ModuleLowering::ModuleLowering(const typed::TypedModule& source) : source_(source), entries_(source.symbols.size(), UINT32_MAX), strings_(source.strings.size()) {
  result_.module.name = source.name;
  result_.module.types = source.types.get();
  declare();
}

void ModuleLowering::declare() {
  declare_functions();
  declare_globals();
  declare_exceptions();
  for (const typed::Global& global : source_.globals) {
    Constant init = lower_initializer(*this, global);
    module().global(this->global(global.symbol)).init = std::move(init);
  }
}

void ModuleLowering::declare_functions() {
  for (uint32_t i = 0; i < source_.functions.size(); ++i)
    definitions_[source_.functions[i].symbol.value] = i;
  for (const typed::Function& source : source_.functions)
    declare_entries(source);
}

void ModuleLowering::declare_globals() {
  for (const typed::Global& source : source_.globals) {
    const typed::Symbol& symbol = source_.symbol(source.symbol);
    entry(source.symbol) = static_cast<uint32_t>(module().globals.size());
    module().globals.push_back({symbol.name.str(), linkage_of(symbol.scope), symbol.type, {}, symbol.loc});
  }
}

void ModuleLowering::declare_exceptions() {
  for (typed::SymbolId id : source_.exceptions)
    exception(id);
}

GlobalId ModuleLowering::global(typed::SymbolId id) {
  if (entry(id) == UINT32_MAX) {
    const typed::Symbol& symbol = source_.symbol(id);
    entry(id) = static_cast<uint32_t>(module().globals.size());
    module().globals.push_back({symbol.name.str(), linkage_of(symbol.scope), symbol.type, {}, symbol.loc});
  }
  return {entry(id)};
}

ExceptionId ModuleLowering::exception(typed::SymbolId id) {
  if (entry(id) == UINT32_MAX) {
    const typed::Symbol& symbol = source_.symbol(id);
    entry(id) = static_cast<uint32_t>(module().exceptions.size());
    module().exceptions.push_back({symbol.name.str(), linkage_of(symbol.scope), symbol.type, symbol.loc});
  }
  return {entry(id)};
}

DataId ModuleLowering::string_literal(typed::StringId text) {
  const std::string& bytes = source_.strings[text.value];
  if (bytes.empty() && empty_string_.is_valid())
    return empty_string_;
  if (strings_[text.value].is_valid())
    return strings_[text.value];
  DataId id{static_cast<uint32_t>(module().data.size())};
  DataObject object;
  object.kind = DataObject::Kind::String;
  object.type = frontend::kStringType;
  object.bytes = bytes;
  object.length = bytes.size();
  module().data.push_back(std::move(object));
  strings_[text.value] = id;
  if (bytes.empty())
    empty_string_ = id;
  return id;
}

} // namespace lowering
} // namespace ir
