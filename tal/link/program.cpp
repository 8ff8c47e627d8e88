#include "tal/link/program.h"

namespace tal {

static bool entry_kind(const TypeTable& types, const InterfaceSymbol& symbol, tal_entry_kind& kind) {
  const Signature& signature = types.sig(symbol.type);
  if (!signature.vars.empty() || !signature.pre.empty())
    return false;
  const bool is_int = signature.result == types.i32();
  kind = symbol.name == "main" && is_int ? TAL_ENTRY_INT : TAL_ENTRY_IGNORE_RESULT;
  if (signature.args.empty())
    return true;
  const TypeId arg = signature.args[0];
  auto is_array_of = [&](TypeId type, TypeId* element) {
    *element = types.target(type);
    return types.tag(type) == TypeTag::Arr && types.mutability(type) == Mutability::ReadWrite;
  };
  TypeId text, byte;
  kind = TAL_ENTRY_INT_ARGS;
  return symbol.name == "main" && is_int && signature.args.size() == 1 && is_array_of(arg, &text) && is_array_of(text, &byte) &&
         !types.is_nullable(text) && byte == types.i8();
}

std::string native_symbol(std::string_view name, const NativeInterface* natives) {
  if (name.starts_with("__"))
    return std::string(name);
  const auto found = natives == nullptr ? std::map<std::string, Native>::const_iterator{} : natives->natives.find(std::string(name));
  std::string out = natives != nullptr && found != natives->natives.end() && found->second.user ? "popnat_" : "poprt_";
  for (size_t i = 0; i < name.size(); i++) {
    const bool separator = name[i] == ':' && i + 1 < name.size() && name[i + 1] == ':';
    out += separator ? "__" : std::string(1, name[i]);
    i += separator;
  }
  return out;
}

bool find_entry(std::span<const VerifiedObject* const> modules, Binding& entry, tal_entry_kind& kind, std::string& problem) {
  entry = {};
  for (uint32_t m = 0; m < modules.size(); m++) {
    const Interface& interface = modules[m]->interface();
    for (uint32_t i = 0; i < interface.symbols.size(); i++) {
      const InterfaceSymbol& symbol = interface.symbols[i];
      if (symbol.kind != SymbolKind::Function || symbol.scope != Scope::Public || (symbol.name != "main" && symbol.name != "pop_main"))
        continue;
      if (entry.module != Binding::unbound) {
        problem = "modules " + modules[entry.module]->interface().module + " and " + interface.module + " both define an entry point";
        return false;
      }
      if (!entry_kind(interface.types, symbol, kind)) {
        problem = "`" + symbol.name + "` of module " + interface.module + " cannot start a program: expected " +
                  (symbol.name == "main" ? "`int main()` or `int main(string[])`" : "no parameters") + ", found " +
                  interface.types.print(symbol.type);
        return false;
      }
      entry = {m, i};
    }
  }
  if (entry.module == Binding::unbound)
    problem = "no module defines `pop_main` or `main`";
  return entry.module != Binding::unbound;
}

tal_payload payload_kind(const TypeTable& types, TypeId exn_name) {
  const TypeId payload = types.target(exn_name);
  if (!payload)
    return TAL_PAYLOAD_NONE;
  switch (types.tag(payload)) {
  case TypeTag::I8: return TAL_PAYLOAD_BOOL_OR_CHAR;
  case TypeTag::I32: return TAL_PAYLOAD_INT;
  case TypeTag::I64: return TAL_PAYLOAD_LONG;
  case TypeTag::Arr:
    return types.target(payload) == types.i8() && !types.is_nullable(payload) ? TAL_PAYLOAD_STRING : TAL_PAYLOAD_OTHER;
  default: return TAL_PAYLOAD_OTHER;
  }
}

} // namespace tal
