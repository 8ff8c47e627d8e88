#include "dsu/patch/interface_code.h"

#include <algorithm>

namespace dsu {

using frontend::TypeKind;

namespace {

class Writer {
public:
  Writer(const ModuleInfo& before, const ModuleInfo& after, const SourcePrinter& printer, Conversions& conversions)
      : before_(before), after_(after), printer_(printer), conversions_(conversions) {}

  void variable(const std::string& name) {
    variable(name, name);
  }
  void variable(const std::string& old_name, const std::string& name) {
    const ValueInfo& old = before_.values.at(old_name);
    const ValueInfo& now = after_.values.at(name);
    const std::string value =
        conversions_.holds_changed_function(old.type)
            ? Conversions::fill(name + " leads to functions whose type changed; without this line it has its new initial value")
            : conversions_.convert(old.type, now.type, Side::Old, old_name, name);
    init_ += "  New::" + name + " = " + value + ";\n";
    declare_old(old_name, old);
    declare_new(name, now);
  }

  // Exceptions and functions may change what they are; then there is nothing to carry over.
  void function(const std::string& name) {
    const ValueInfo& old = before_.values.at(name);
    const ValueInfo& now = after_.values.at(name);
    declare_new(name, now);
    use(old.type, Side::Old);
    if (old.is_static)
      old_statics.push_back(name);
    std::string body;
    if (old.type->type_params != 0 || now.type->type_params != 0) {
      body = "  " + Conversions::fill(name + ": a stub for a polymorphic function") + ";\n";
    } else {
      std::string arguments;
      for (size_t i = 0; i < now.type->args.size(); i++) {
        const std::string place = name + ", argument " + std::to_string(i + 1);
        arguments += i ? ", " : "";
        arguments += i < old.type->args.size()
                         ? conversions_.convert(old.type->args[i], now.type->args[i], Side::Old, "v" + std::to_string(i), place)
                         : Conversions::fill(place + ": old callers do not give it");
      }
      const std::string call = "New::" + name + "(" + arguments + ")";
      const bool is_void = old.type->element->kind == TypeKind::Void;
      const std::string result =
          is_void ? call
          : now.type->element->kind == TypeKind::Void
              ? Conversions::fill(name + ": no result for old callers")
              : conversions_.convert(now.type->element, old.type->element, Side::New, call, "result of " + name);
      body = is_void ? "  " + result + ";\n" : "  return " + result + ";\n";
    }
    stubs_ += "\n" + printer_.header(old.type, name, Side::Old) + " {\n" + body + "}\n";
  }

  std::string text(const std::string& title) const {
    if (init_.empty() && stubs_.empty())
      return "";
    const std::string code = init_ + stubs_;
    std::set<std::string> old_types = old_types_, new_types = new_types_;
    conversions_.reach_of(code, old_types, new_types);
    std::string out = "// " + title + "\n// Made by poppatch; what it could not derive is marked Dsu::fill(..). `New::` marks what belongs to\n"
                      "// the new version; plain names are the running program's.\n";
    for (const std::string& name : old_types)
      out += "\n" + printer_.extern_type(name, Side::Old);
    for (const std::string& name : new_types)
      if (printer_.type_name(name, Side::New) != name || !old_types.contains(name))
        out += "\n" + printer_.extern_type(name, Side::New);
    out += "\n";
    for (const std::string& line : declarations_)
      out += line;
    out += conversions_.externs_for(code);
    if (!init_.empty())
      out += "\n// Runs once, at the update point, before anything is replaced; an exception ends the update.\nstatic void init() {\n" + init_ + "}\n";
    if (!stubs_.empty())
      out += "\n// What code that is still running in its old version calls instead.\nprefix Stub {\n" + stubs_ + "\n}\n";
    return out;
  }

  std::vector<std::string> old_statics, new_statics;

private:
  void use(TypeRef type, Side side) { printer_.reach(type, side, side == Side::Old ? old_types_ : new_types_); }
  void declare_old(const std::string& name, const ValueInfo& value) {
    declarations_.push_back("extern " + printer_.declaration(value.type, name, Side::Old) + ";\n");
    use(value.type, Side::Old);
    if (value.is_static)
      old_statics.push_back(name);
  }
  void declare_new(const std::string& name, const ValueInfo& value) {
    declarations_.push_back("extern " + printer_.declaration(value.type, "New::" + name, Side::New) + ";\n");
    use(value.type, Side::New);
    if (value.is_static)
      new_statics.push_back(name);
  }

  const ModuleInfo& before_;
  const ModuleInfo& after_;
  const SourcePrinter& printer_;
  Conversions& conversions_;
  std::vector<std::string> declarations_;
  std::set<std::string> old_types_, new_types_;
  std::string init_, stubs_;
};

}  // namespace

InterfaceCode write_interface_code(const ModuleDifference& module, const ModuleInfo& before, const ModuleInfo& after,
                                   const SourcePrinter& printer, const Renames& renames, Conversions& conversions,
                                   const std::string& title) {
  Writer writer(before, after, printer, conversions);
  for (const std::string& old_name : module.deleted) {
    auto now = after.values.find(renames.new_name(old_name));
    if (now != after.values.end() && now->second.kind == DefinitionKind::Variable && before.values.at(old_name).kind == DefinitionKind::Variable)
      writer.variable(old_name, now->first);
  }
  for (const ValueDifference& value : module.values) {
    if (value.change != ValueChange::Retyped || after.values.at(value.name).is_nested)
      continue;
    const DefinitionKind kind = after.values.at(value.name).kind;
    if (kind == DefinitionKind::Variable)
      writer.variable(value.name);
    else if (kind == DefinitionKind::Function)
      writer.function(value.name);
  }
  return {writer.text(title), writer.old_statics, writer.new_statics};
}

}  // namespace dsu
