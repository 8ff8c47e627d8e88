// What lowering keeps for the whole module: the map from source symbols to entries of the module's tables, static data,
// and the constructs that could not be translated.
#pragma once

#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "ir/lower.h"

namespace ir::lowering {

namespace typed = frontend::typed;

// Per type variable: bytes of its values in arrays, 0 where the code does not depend on it. Empty: all 0.
using Widths = std::vector<uint8_t>;

class ModuleLowering {
 public:
  explicit ModuleLowering(const typed::TypedModule& source);
  std::optional<Lowering::Lowered> next();
  LowerResult take_result() { return std::move(result_); }

  const typed::TypedModule& source() const { return source_; }
  frontend::TypeStore& types() { return *source_.types; }
  Module& module() { return result_.module; }
  const std::vector<Unsupported>& unsupported() const { return result_.unsupported; }

  // The table entry of a symbol. Imports are entered at their first use, so that unused ones leave no trace.
  // Functions have one for each width that their code depends on: that of these type arguments (entries.cpp).
  FuncId function(typed::SymbolId symbol, std::span<const frontend::TypeId> type_args);
  GlobalId global(typed::SymbolId symbol);
  ExceptionId exception(typed::SymbolId symbol);
  // A string literal: an object of its own, however often it is translated, but all empty strings of a module are one.
  DataId string_literal(typed::StringId text);

  void unsupported(SourceLoc loc, std::string what) { result_.unsupported.push_back({loc, std::move(what)}); }

 private:
  void declare_functions();
  void declare_globals();
  void declare_exceptions();
  void declare();

  uint32_t& entry(typed::SymbolId symbol) { return entries_[symbol.value]; }
  Function signature(typed::SymbolId symbol, const Widths& widths);
  void name_parameters(const typed::Function& source, Function& function);
  Widths widths_for(const typed::Symbol& symbol, std::span<const frontend::TypeId> type_args);
  FuncId function_entry(typed::SymbolId symbol, const Widths& widths);
  void declare_entries(const typed::Function& source);

  struct PendingBody {
    uint32_t source; // index into the typed module's functions
    Widths widths;
    FuncId target;
  };

  const typed::TypedModule& source_;
  LowerResult result_;
  std::vector<uint32_t> entries_; // variables, exceptions, by SymbolId; UINT32_MAX: not entered yet
  std::map<std::pair<uint32_t, Widths>, uint32_t> function_entries_; // by SymbolId and widths
  std::unordered_map<uint32_t, uint32_t> definitions_; // by SymbolId: index of the typed function
  std::vector<PendingBody> pending_;
  size_t next_ = 0; // of pending_
  std::vector<DataId> strings_; // by StringId
  DataId empty_string_;
};

Linkage linkage_of(frontend::Scope scope);

// The constant that initializes a global (initializers.cpp).
Constant lower_initializer(ModuleLowering& context, const typed::Global& global);
// Fills in the body (function_lowering.cpp).
void lower_function(ModuleLowering& context, const typed::Function& source, FuncId target);

} // namespace ir::lowering
