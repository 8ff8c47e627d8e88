// What lowering keeps for the whole module: the map from source symbols to entries of the module's tables, static data,
// and the constructs that could not be translated.
#pragma once

#include <string>
#include <vector>

#include "ir/lower.h"

namespace ir::lowering {

namespace typed = frontend::typed;

class ModuleLowering {
 public:
  explicit ModuleLowering(const typed::TypedModule& source);
  LowerResult run();

  const typed::TypedModule& source() const { return source_; }
  frontend::TypeStore& types() { return *source_.types; }
  Module& module() { return result_.module; }

  // The table entry of a symbol. Imports are entered at their first use, so that unused ones leave no trace.
  FuncId function(typed::SymbolId symbol);
  GlobalId global(typed::SymbolId symbol);
  ExceptionId exception(typed::SymbolId symbol);
  // A string literal: an object of its own, however often it is translated, but all empty strings of a module are one.
  DataId string_literal(typed::StringId text);

  void unsupported(SourceLoc loc, std::string what) { result_.unsupported.push_back({loc, std::move(what)}); }

 private:
  void declare_functions();
  void declare_globals();
  void declare_exceptions();
  void lower_bodies();

  uint32_t& entry(typed::SymbolId symbol) { return entries_[symbol.value]; }
  Function signature(typed::SymbolId symbol);

  const typed::TypedModule& source_;
  LowerResult result_;
  std::vector<uint32_t> entries_; // by SymbolId; UINT32_MAX: not entered yet
  std::vector<DataId> strings_; // by StringId
  DataId empty_string_;
};

// The constant that initializes a global (initializers.cpp).
Constant lower_initializer(ModuleLowering& context, const typed::Global& global);
// Fills in the body (function_lowering.cpp).
void lower_function(ModuleLowering& context, const typed::Function& source, FuncId target);

} // namespace ir::lowering
