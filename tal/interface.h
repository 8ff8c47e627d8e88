// Interface: what linking needs to know of a verified module, and the link check over Interfaces.
//
// An Interface is derived by the checker from the verified bytes. Updateable executables carry it in serialised form
// (one read-only section), so that a patch can be checked against the running program without its object files.
//
// The link check never looks at code. It decides (rules L1..L10 of docs/tal.md): every import has exactly one provider at a
// type at most the imported one, data and exception names bind at equal types, names are unique, reserved names are
// defined by nobody, natives exist at the types that the module was checked against; for patches, that each replaced
// function is at most what every remaining caller assumed.
#pragma once

#include "tal/natives.h"
#include "tal/object.h"
#include "tal/records.h"

#include <functional>
#include <map>
#include <unordered_map>

namespace tal {

struct InterfaceSymbol {
  std::string name;
  SymbolKind kind = SymbolKind::Function;
  Scope scope = Scope::Static;
  Section section = Section::None;
  uint32_t offset = 0, size = 0;
  TypeId type;                  // natives too: the type in the native interface it was checked against
  friend bool operator==(const InterfaceSymbol&, const InterfaceSymbol&) = default;
};

// A field of the module that holds the address of a symbol. The caller assumed the symbol's type at this module.
struct Site {
  enum class Kind : uint8_t {
    Call,    // rel32 of `call sym`
    Jump,    // rel32 of `jmp sym` (tail call)
    Address, // disp32 of a RIP operand
    Pointer, // 8-byte field in .data or .data.rel.ro
  };
  Section section = Section::Text;
  Kind kind = Kind::Call;
  uint32_t offset = 0;          // of the field
  uint32_t symbol = 0;
  int32_t addend = 0;
  friend bool operator==(const Site&, const Site&) = default;

  // A call, or a pointer to a function that only a commit changes: what updates make lead to a new version.
  bool is_caller() const { return kind == Kind::Call || kind == Kind::Jump || (kind == Kind::Pointer && section == Section::RelRo); }
};

struct Interface {
  std::string module;
  std::string version;
  TypeTable types;
  std::vector<InterfaceSymbol> symbols;   // same indices as the object's symbol records
  std::vector<Site> sites;                // ascending (section, offset)
  uint32_t section_size[6] = {};          // by Section
  // Unwind tables; names and files are offsets into `strings`.
  std::vector<tal_function> functions;
  std::vector<tal_record> records;
  std::vector<tal_line> lines;
  std::string strings;

  tal_unwind_table unwind_table() const;
};

inline constexpr uint32_t interface_version = 3; // of the serialised form (tal/write/write.h writes it)
// Without the unwind tables: those of a running module are in its tal_module.
[[nodiscard]] bool parse_interface(std::span<const uint8_t> bytes, Interface& interface, std::string& problem);

// ---- width entries ---------------------------------------------------------------------------------------------------
// A polymorphic function whose code depends on the width of type variables is one function for each width: `f.w4`, and
// `f.w.w4` where that of the first variable does not matter. Names only choose; whether the choice fits is a question of
// types (L3). `definition` serves `import` if it has the same base name and each width is the imported one or left open.
inline constexpr int max_entries = 4096; // of one function that are looked at
[[nodiscard]] bool entry_serves(std::string_view definition, std::string_view import);

template <class Names> typename Names::const_iterator find_entry(const Names& names, const std::string& import) {
  auto found = names.find(import);
  const size_t dot = import.find('.');
  if (found != names.end() || dot == std::string::npos)
    return found;
  if (found = names.find(import.substr(0, dot)); found != names.end())
    return found;
  const std::string prefix = import.substr(0, dot + 1);
  found = names.lower_bound(prefix);
  for (int tried = 0; found != names.end() && found->first.starts_with(prefix); ++found)
    if (++tried > max_entries || entry_serves(found->first, import))
      return tried > max_entries ? names.end() : found;
  return names.end();
}

// ---- static link ---------------------------------------------------------------------------------------------------

struct LinkProblem {
  std::string rule;      // "L3"
  std::string module, symbol;
  std::string message;   // complete sentence part: expected and found
};

// Where a symbol of one module is defined: module index and symbol index there; natives and descriptors have no module.
struct Binding {
  static constexpr uint32_t native = 0xFFFFFFFFu, desc = 0xFFFFFFFEu, unbound = 0xFFFFFFFDu;
  uint32_t module = unbound, symbol = 0;
  uint64_t key() const { return uint64_t{module} << 32 | symbol; }
};

struct LinkResult {
  std::vector<std::vector<Binding>> bindings;   // [module][symbol]; own symbols bind to themselves
  std::vector<std::vector<uint32_t>> providers; // [module] see RunningModule
  std::vector<LinkProblem> problems;            // empty: linked
  bool ok() const { return problems.empty(); }
};

LinkResult link_check(std::span<const Interface* const> modules, const NativeInterface& natives);

// Why an import has no provider, for messages.
std::string missing_import(const std::map<std::string, Binding>& exports, const std::string& name);

// ---- patches -------------------------------------------------------------------------------------------------------

// What the link check wants to know of a module version that is mapped. Programs are updated for years: the check looks at those
// that the patch has to do with, and at none of the others.
struct RunningModule {
  const Interface* interface = nullptr;
  uint32_t generation = 0;             // which patch brought it, 0 the program (L10)
  std::vector<uint32_t> providers;     // numbers of the modules that define its abstract types
};
// A site of a running module, and by definition (Binding::key) those that lead to it now.
struct Caller { uint32_t module = 0, site = 0; };
using Callers = std::unordered_map<uint64_t, std::vector<Caller>>;
// By name of an abstract type: the modules of the latest generation that has any which define it.
using AbstractTypes = std::map<std::string, std::vector<uint32_t>, std::less<>>;
void add_provided_types(const Interface& interface, uint32_t number, uint32_t first_of_generation, AbstractTypes& types);

// What a patch asks for. Modules are numbered: the running ones first (every version that is still mapped), then the patch's.
// The manifest (`.tal.dsu`) is untrusted; everything is checked here.
struct PatchReplacement {         // from now on callers of `old` go to `replacement`
  Binding old_symbol;             // a function of a running module
  Binding new_symbol;             // a function of a patch module: the new version, or a stub of the old type
};
struct PatchImport {              // an import of a patch module and where the manifest wants it bound
  uint32_t module = 0, symbol = 0;
  Binding target;                 // a running module's symbol (static ones allowed: R50) or a patch module's
};
struct RunningProgram {
  uint32_t size = 0;
  std::function<const RunningModule&(uint32_t)> module;
  const Callers& callers;
  const AbstractTypes& abstract_types;
};
struct PatchRequest {
  const RunningProgram& running;
  std::span<const Interface* const> patch;
  std::vector<PatchReplacement> replacements = {};
  std::vector<PatchImport> imports = {};        // every import of every patch module exactly once
};
// Call and jump sites of running modules that commit must rewrite, and entries that get the redirect.
struct Relink { uint32_t module = 0, site = 0; Binding target; };
struct PatchResult {
  std::vector<std::vector<Binding>> bindings;   // [patch module][symbol]
  std::vector<std::vector<uint32_t>> providers; // [patch module]
  std::vector<Relink> relinks;
  std::vector<PatchReplacement> redirects;      // entry of old_symbol -> new_symbol
  std::vector<LinkProblem> problems;
  bool ok() const { return problems.empty(); }
};
PatchResult patch_check(const PatchRequest& request, const NativeInterface& natives);

} // namespace tal
