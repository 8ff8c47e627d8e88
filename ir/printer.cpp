#include "ir/printer.h"

#include "ir/builder.h"
#include "ir/string_text.h"

namespace ir {
namespace {

using frontend::TypeDecl;
using frontend::TypeDeclKind;
using frontend::TypeId;

class Printer {
 public:
  Printer(const Module& module, const PrintOptions& options) : module_(module), types_(*module.types), options_(options) {}

  void print_all();
  void print_one(const Function& function);
  std::string take() { return std::move(out_); }

 private:
  void type_decl(const TypeDecl& decl);
  void type_params(const TypeDecl& decl);
  void exception(const Exception& exception);
  void global(const Global& global);
  void data(DataId id);
  void constants(const std::vector<Constant>& list);
  void constant(const Constant& constant);
  void signature(const Function& function);
  void block(BlockId id);
  void inst(InstId id);
  void attribute(const Inst& inst);
  void targets(const Inst& inst);
  void edge(const Edge& edge);
  void number_values(const Function& function);
  void note(BlockId block, InstId inst);

  void type(TypeId id) { out_ += print_type(types_, id); }
  void type_args(const std::vector<TypeId>& args);
  void values(const std::vector<ValueId>& list);
  // Broken functions are printed too (by the verifier's report): what does not exist or is in no block is shown as `?`.
  void value(ValueId id) { out_ += "v" + number(value_number_, id.value); }
  void block_name(BlockId id) { out_ += "b" + number(block_number_, id.value); }
  static std::string number(const std::vector<uint32_t>& numbers, uint32_t index) {
    return index < numbers.size() && numbers[index] != UINT32_MAX ? std::to_string(numbers[index]) : "?";
  }
  template <typename Entry> static std::string name_of(const std::vector<Entry>& table, uint32_t index) {
    return index < table.size() ? table[index].name : "?";
  }
  void typed_value(ValueId id);
  void loc(SourceLoc loc);
  void linkage(Linkage linkage);

  const Module& module_;
  const frontend::TypeStore& types_;
  const PrintOptions& options_;
  std::string out_;
  const Function* function_ = nullptr;
  std::vector<uint32_t> value_number_;
  std::vector<uint32_t> block_number_;
};

const char* scope_text(frontend::Scope scope) {
  switch (scope) {
  case frontend::Scope::Public: return "public";
  case frontend::Scope::Static: return "static";
  case frontend::Scope::Abstract: return "abstract";
  case frontend::Scope::Extern: return "import";
  }
  return "";
}

const char* decl_kind_text(TypeDeclKind kind) {
  switch (kind) {
  case TypeDeclKind::Struct: return "struct";
  case TypeDeclKind::Union: return "union";
  case TypeDeclKind::Abstype: return "abstype";
  case TypeDeclKind::Abstract: return "opaque";
  }
  return "";
}

void Printer::linkage(Linkage linkage) {
  switch (linkage) {
  case Linkage::Public: out_ += "public "; break;
  case Linkage::Static: out_ += "static "; break;
  case Linkage::Import: out_ += "import "; break;
  }
}

void Printer::loc(SourceLoc loc) {
  if (!options_.locations || !loc.is_valid())
    return;
  out_ += " @";
  if (loc.file.value != 0)
    out_ += std::to_string(loc.file.value) + "/";
  out_ += std::to_string(loc.line) + ":" + std::to_string(loc.column);
}

void Printer::type_params(const TypeDecl& decl) {
  if (decl.params.empty())
    return;
  const char* separator = "<";
  for (support::Name name : decl.params) {
    out_ += separator + name.str();
    separator = ", ";
  }
  out_ += ">";
}

void Printer::type_decl(const TypeDecl& decl) {
  out_ += std::string("type ") + scope_text(decl.scope) + " " + decl_kind_text(decl.kind) + " " + decl.name.str();
  type_params(decl);
  if (decl.nullable)
    out_ += " nullable";
  if (decl.kind == TypeDeclKind::Abstype) {
    const char* separator = " [";
    for (support::Name name : decl.hidden_params) {
      out_ += separator + name.str();
      separator = ", ";
    }
    out_ += "] ";
    type(decl.representation);
  }
  if (decl.kind == TypeDeclKind::Struct || decl.kind == TypeDeclKind::Union) {
    out_ += " {";
    const char* separator = "";
    for (const frontend::Field& field : decl.fields) {
      out_ += std::string(separator) + (field.is_const ? " const " : " ") + field.name.str() + ": ";
      type(field.type);
      separator = ",";
    }
    out_ += " }";
  }
  loc(decl.loc);
  out_ += "\n";
}

void Printer::exception(const Exception& exception) {
  out_ += "exception ";
  linkage(exception.linkage);
  out_ += exception.name;
  if (exception.payload != frontend::kVoidType) {
    out_ += "(";
    type(exception.payload);
    out_ += ")";
  }
  loc(exception.loc);
  out_ += "\n";
}

void Printer::constant(const Constant& constant) {
  switch (constant.kind) {
  case Constant::Kind::Int: out_ += std::to_string(constant.imm); return;
  case Constant::Kind::Real: out_ += quote(real_text(constant.imm)); return;
  case Constant::Kind::Null: out_ += "null"; return;
  case Constant::Kind::Data: out_ += "data d" + std::to_string(constant.symbol); return;
  case Constant::Kind::Func:
    out_ += "func " + name_of(module_.functions, constant.symbol);
    type_args(constant.type_args);
    return;
  case Constant::Kind::Case: out_ += "." + std::to_string(constant.imm); return;
  case Constant::Kind::GlobalAddr: out_ += "global " + name_of(module_.globals, constant.symbol); return;
  case Constant::Kind::Exception: out_ += "exception " + name_of(module_.exceptions, constant.symbol); return;
  case Constant::Kind::Rep:
    out_ += "rep";
    type_args(constant.type_args);
    return;
  }
}

void Printer::constants(const std::vector<Constant>& list) {
  const char* separator = "";
  for (const Constant& element : list) {
    out_ += separator;
    constant(element);
    separator = ", ";
  }
}

void Printer::global(const Global& global) {
  out_ += "global ";
  linkage(global.linkage);
  out_ += global.name + ": ";
  type(global.type);
  if (global.linkage != Linkage::Import) {
    out_ += " = ";
    constant(global.init);
  }
  loc(global.loc);
  out_ += "\n";
}

void Printer::data(DataId id) {
  const DataObject& object = module_.data_object(id);
  out_ += "data d" + std::to_string(id.value) + ": ";
  type(object.type);
  out_ += " = ";
  switch (object.kind) {
  case DataObject::Kind::String: out_ += quote(object.bytes); break;
  case DataObject::Kind::Array:
    out_ += "[";
    constants(object.elements);
    out_ += "]";
    if (object.length != object.elements.size())
      out_ += " length " + std::to_string(object.length);
    break;
  case DataObject::Kind::Object:
    out_ += "{";
    constants(object.elements);
    out_ += "}";
    break;
  case DataObject::Kind::Variant:
    out_ += "." + std::to_string(object.variant) + "(";
    constants(object.elements);
    out_ += ")";
    break;
  case DataObject::Kind::Exn:
    out_ += name_of(module_.exceptions, object.exception.value) + "(";
    constants(object.elements);
    out_ += ")";
    break;
  }
  out_ += "\n";
}

void Printer::type_args(const std::vector<TypeId>& args) {
  if (args.empty())
    return;
  const char* separator = "<";
  for (TypeId arg : args) {
    out_ += separator;
    type(arg);
    separator = ", ";
  }
  out_ += ">";
}

void Printer::values(const std::vector<ValueId>& list) {
  const char* separator = "";
  for (ValueId id : list) {
    out_ += separator;
    value(id);
    separator = ", ";
  }
}

void Printer::typed_value(ValueId id) {
  value(id);
  if (id.value < function_->values.size())
    out_ += ": " + print_type(types_, function_->value(id).type);
}

void Printer::edge(const Edge& edge) {
  block_name(edge.target);
  if (edge.args.empty())
    return;
  out_ += "(";
  values(edge.args);
  out_ += ")";
}

void Printer::targets(const Inst& inst) {
  for (size_t i = 0; i < inst.targets.size(); ++i) {
    out_ += i == 0 && inst.operands.empty() ? " " : ", ";
    if (inst.op == Op::Switch)
      out_ += (i < inst.keys.size() ? std::to_string(inst.keys[i]) : std::string("default")) + ": ";
    edge(inst.targets[i]);
  }
}

void Printer::attribute(const Inst& inst) {
  switch (info(inst.op).attribute) {
  case Attribute::NoAttr:
  case Attribute::Targets: return;
  case Attribute::Int: out_ += " " + std::to_string(inst.imm); return;
  case Attribute::Real: out_ += " " + quote(real_text(inst.imm)); return;
  case Attribute::Field: out_ += " ." + std::to_string(inst.imm); return;
  case Attribute::Func:
  case Attribute::FuncTypeArgs:
    out_ += " " + name_of(module_.functions, inst.symbol);
    type_args(inst.type_args);
    return;
  case Attribute::TypeArgs:
    if (!inst.type_args.empty())
      out_ += " ";
    type_args(inst.type_args);
    return;
  case Attribute::Global: out_ += " " + name_of(module_.globals, inst.symbol); return;
  case Attribute::Data: out_ += " d" + std::to_string(inst.symbol); return;
  case Attribute::Exception: out_ += " " + name_of(module_.exceptions, inst.symbol); return;
  }
}

void Printer::inst(InstId id) {
  if (id.value >= function_->insts.size()) {
    out_ += "  ?\n";
    return;
  }
  const Inst& inst = function_->inst(id);
  out_ += "  ";
  if (inst.result.is_valid()) {
    typed_value(inst.result);
    out_ += " = ";
  }
  out_ += info(inst.op).text;
  attribute(inst);
  if (!inst.operands.empty())
    out_ += " ";
  values(inst.operands);
  targets(inst);
  loc(inst.loc);
  out_ += "\n";
}

void Printer::note(BlockId block, InstId inst) {
  if (options_.annotate)
    out_ += options_.annotate(block, inst);
}

void Printer::block(BlockId id) {
  const Block& block = function_->block(id);
  block_name(id);
  if (!block.params.empty()) {
    const char* separator = "(";
    for (ValueId param : block.params) {
      out_ += separator;
      typed_value(param);
      separator = ", ";
    }
    out_ += ")";
  }
  if (block.has_unwind()) {
    out_ += " unwind ";
    edge(block.unwind);
  }
  out_ += ":\n";
  note(id, {});
  for (InstId inst_id : block.insts) {
    inst(inst_id);
    note(id, inst_id);
  }
}

void Printer::number_values(const Function& function) {
  value_number_.assign(function.values.size(), UINT32_MAX);
  block_number_.assign(function.blocks.size(), UINT32_MAX);
  uint32_t next_value = 0, next_block = 0;
  for (BlockId id : function.order) {
    if (id.value >= function.blocks.size())
      continue;
    block_number_[id.value] = next_block++;
    for (ValueId param : function.block(id).params)
      if (param.value < value_number_.size())
        value_number_[param.value] = next_value++;
    for (InstId inst : function.block(id).insts)
      if (inst.value < function.insts.size())
        if (ValueId result = function.inst(inst).result; result.value < value_number_.size())
          value_number_[result.value] = next_value++;
  }
}

void Printer::signature(const Function& function) {
  out_ += "func ";
  linkage(function.linkage);
  out_ += function.name;
  const char* separator = "<";
  for (size_t i = 0; i < function.type_params.size(); ++i) {
    out_ += separator + function.type_params[i];
    if (i < function.widths.size() && function.widths[i] != 0)
      out_ += ": w" + std::to_string(function.widths[i]);
    separator = ", ";
  }
  out_ += function.type_params.empty() ? "(" : ">(";
  for (size_t i = 0; i < function.param_types.size(); ++i) {
    if (i != 0)
      out_ += ", ";
    if (i < function.param_names.size() && !function.param_names[i].empty())
      out_ += function.param_names[i] + ": ";
    type(function.param_types[i]);
  }
  out_ += ") -> ";
  type(function.return_type);
  loc(function.loc);
}

void Printer::print_one(const Function& function) {
  signature(function);
  if (!function.has_body()) {
    out_ += "\n";
    return;
  }
  function_ = &function;
  number_values(function);
  out_ += " {\n";
  for (BlockId id : function.order)
    if (id.value < function.blocks.size())
      block(id);
  out_ += "}\n";
}

void Printer::print_all() {
  out_ += "module " + quote(module_.name) + "\n";
  for (uint32_t i = 0; i < types_.decl_count(); ++i)
    type_decl(types_.decl({i}));
  for (const Exception& e : module_.exceptions)
    exception(e);
  for (const Global& g : module_.globals)
    global(g);
  for (uint32_t i = 0; i < module_.data.size(); ++i)
    data({i});
  for (const Function& f : module_.functions) {
    if (f.has_body())
      out_ += "\n";
    print_one(f);
  }
}

} // namespace

std::string print_module(const Module& module, const PrintOptions& options) {
  Printer printer(module, options);
  printer.print_all();
  return printer.take();
}

std::string print_function(const Module& module, const Function& function, const PrintOptions& options) {
  Printer printer(module, options);
  printer.print_one(function);
  return printer.take();
}

} // namespace ir
