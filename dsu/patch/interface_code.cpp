#include "dsu/patch/interface_code.h"

#include <algorithm>

namespace dsu {

using frontend::TypeKind;

namespace {

class Writer {
public:
  Writer(const Version& before, const ModuleInfo& after, const SourcePrinter& printer, Conversions& conversions)
      : before_(before), after_(after), printer_(printer), conversions_(conversions) {}

  void variable(const ValueDifference& value) {
    const ValueInfo& old = old_value(value);
    const ValueInfo& now = after_.values.at(value.name);
    const std::string &name = value.name, &old_name = value.old_name, &old_module = value.old_module;
    const std::string converted =
        conversions_.holds_changed_function(old.type)
            ? Conversions::fill(name + " leads to functions whose type changed; without this line it has its new initial value")
            : conversions_.convert(old.type, now.type, Side::Old, old_name, name);
    init_ += "  New::" + name + " = " + converted + ";\n";
    declare_old(old_module, old_name, old);
    declare_new(name, now);
  }

  // Exceptions and functions may change what they are; then there is nothing to carry over.
  void function(const ValueDifference& value) {
    const ValueInfo& old = old_value(value);
    const ValueInfo& now = after_.values.at(value.name);
    const std::string& name = value.name;
    declare_new(name, now);
    use(old.type, Side::Old);
    if (old.is_static)
      old_statics.push_back(static_name(value.old_module, value.old_name));
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
    stubs_ += "\n" + printer_.header(old.type, value.old_name, Side::Old) + " {\n" + body + "}\n";
  }

  std::string text(const std::string& title) const {
    if (init_.empty() && stubs_.empty())
      return "";
    const std::string code = init_ + stubs_;
    std::set<std::string> old_types = old_types_, new_types = new_types_;
    conversions_.reach_of(code, old_types, new_types);
    std::string out = "// " + title + "\n// Made by poppatch. Plain names are the running program's, `New::` marks what belongs to the new version.\n"
                      "// Data of unchanged type are not mentioned: the new code goes on with them where they are.\n";
    if (code.find("Dsu::fill(\"") != std::string::npos)
      out += "// To be completed: each call of Dsu::fill says what is missing and wants an expression in its place.\n";
    out += old_types.empty() ? "" : "\n// ---- types, old and new ----\n";
    for (const std::string& name : old_types)
      out += "\n" + printer_.extern_type(name, Side::Old);
    for (const std::string& name : new_types)
      if (printer_.type_name(name, Side::New) != name || !old_types.contains(name))
        out += "\n" + printer_.extern_type(name, Side::New);
    out += "\n// ---- data and functions ----\n\n";
    for (const std::string& line : declarations_)
      out += line;
    const std::string conversions = conversions_.externs_for(code);
    out += conversions.empty() ? "" : "\n// ---- conversions, in convert_patch.pop ----\n\n" + conversions;
    if (!init_.empty())
      out += "\n// ---- state transformer: runs once, at the update point, before anything is replaced; an exception ends the update ----\n\nstatic void init() {\n" + init_ + "}\n";
    if (!stubs_.empty())
      out += "\n// ---- stubs: what code that still runs in its old version calls instead ----\n\nprefix Stub {\n" + stubs_ + "\n}\n";
    return out;
  }

  std::vector<std::string> old_statics, new_statics, function_variables;

private:
  void use(TypeRef type, Side side) { printer_.reach(type, side, side == Side::Old ? old_types_ : new_types_); }
  const ValueInfo& old_value(const ValueDifference& value) const { return before_.modules.at(value.old_module).values.at(value.old_name); }
  std::string static_name(const std::string& module, const std::string& name) const { return module == after_.name ? name : name + "@" + module; }
  // `extern string f(string);` means a function everywhere else.
  void note_function_variable(const std::string& name, const ValueInfo& value) {
    if (value.kind == DefinitionKind::Variable && value.type->kind == TypeKind::Function)
      function_variables.push_back(name);
  }
  void declare_old(const std::string& module, const std::string& name, const ValueInfo& value) {
    declarations_.push_back("extern " + printer_.declaration(value.type, name, Side::Old) + ";\n");
    use(value.type, Side::Old);
    note_function_variable(name, value);
    if (value.is_static)
      old_statics.push_back(static_name(module, name));
  }
  void declare_new(const std::string& name, const ValueInfo& value) {
    declarations_.push_back("extern " + printer_.declaration(value.type, "New::" + name, Side::New) + ";\n");
    use(value.type, Side::New);
    note_function_variable("New::" + name, value);
    if (value.is_static)
      new_statics.push_back(name);
  }

  const Version& before_;
  const ModuleInfo& after_;
  const SourcePrinter& printer_;
  Conversions& conversions_;
  std::vector<std::string> declarations_;
  std::set<std::string> old_types_, new_types_;
  std::string init_, stubs_;
};

}  // namespace

InterfaceCode write_interface_code(const ModuleDifference& module, const Version& before, const ModuleInfo& after,
                                   const SourcePrinter& printer, Conversions& conversions, const std::string& title) {
  Writer writer(before, after, printer, conversions);
  for (const ValueDifference& value : module.values) {
    if (value.change != ValueChange::Retyped || after.values.at(value.name).is_nested)
      continue;
    const DefinitionKind kind = after.values.at(value.name).kind;
    if (kind == DefinitionKind::Variable)
      writer.variable(value);
    else if (kind == DefinitionKind::Function)
      writer.function(value);
  }
  return {writer.text(title), writer.old_statics, writer.new_statics, writer.function_variables};
}

}  // namespace dsu
