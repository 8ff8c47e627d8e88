// Calls, returns, the stack pointer, packages.
#include "judge.h"

#include <algorithm>

namespace second {

using tal::Form;
using tal::Rule;
using tal::Special;
using What = Value::What;
using talsim::Sort;
using talsim::Type;

namespace {

constexpr uint8_t argument_registers[] = {7, 6, 2, 1, 8, 9};
constexpr uint8_t callee_saved[] = {3, 5, 12, 13, 14, 15};
constexpr uint8_t caller_saved[] = {0, 1, 2, 6, 7, 8, 9, 10, 11};

} // namespace

// C10: push, pop, add, sub and lea on rsp.
bool Judge::stack_pointer(Path& path) {
  const tal::Row& row = inst_.row();
  const auto move_to = [&](int64_t depth) {
    if (depth < 0 || depth > 61440 || depth % 8 != 0)
      return refuse("a frame that does not exist");
    path.depth = static_cast<uint32_t>(depth);
    const int32_t lowest = -static_cast<int32_t>(depth / 8);
    while (!path.slots.empty() && path.slots.begin()->first < lowest) {
      path.narrow.erase(path.slots.begin()->first);
      path.slots.erase(path.slots.begin());
    }
    return true;
  };
  if (row.rule == Rule::Push) {
    Value v;
    if (row.form == Form::I)
      v = path.constant(inst_.imm);
    else if (row.form == Form::M ? !load(path, 8, v) : inst_.rm == tal::rsp)
      return refuse("the stack pointer is pushed");
    else if (row.form == Form::O)
      v = path.registers[inst_.rm];
    if (!move_to(int64_t{path.depth} + 8))
      return false;
    path.slots[-static_cast<int32_t>(path.depth / 8)] = v;
    return true;
  }
  if (row.rule == Rule::Pop) {
    const int32_t number = -static_cast<int32_t>(path.depth / 8);
    if (number == 0 || inst_.rm == tal::rsp)
      return refuse("the return address or the stack pointer is popped");
    if (path.narrow.count(number) != 0)
      path.registers[inst_.rm] = path.integer(INT64_MIN, INT64_MAX);
    else
      path.registers[inst_.rm] = path.slots.count(number) != 0 ? path.slots[number] : Value{};
    return move_to(int64_t{path.depth} - 8);
  }
  if (row.rule == Rule::Lea) {
    if (inst_.reg != tal::rsp || inst_.base != tal::rsp || inst_.index != tal::no_reg || row.size != 8)
      return refuse("the stack pointer as a value");
    return move_to(int64_t{path.depth} - inst_.disp);
  }
  if (row.size != 8)
    return refuse("a part of the stack pointer");
  path.flags = {};
  return move_to(row.rule == Rule::Sub ? path.depth + inst_.imm : path.depth - inst_.imm);
}

bool Judge::declared(const tal::Symbol& s, TypeRef& signature) {
  const bool is_native = s.scope == tal::Scope::Native;
  const auto native = is_native ? natives_.natives.find(s.name) : natives_.natives.end();
  if (is_native && native == natives_.natives.end())
    return refuse("the address of an entry point with rules of its own");
  const tal::TypeTable& table = is_native ? natives_.types : file_.annotations.types;
  const tal::TypeId id = is_native ? native->second.type : s.type;
  signature = types_.of(table, id);
  return true;
}

// The types that a record names, variables of this function.
bool Judge::written_types(const tal::Instantiation& record, std::vector<TypeRef>& types) {
  for (tal::TypeId id : record.args) {
    types.push_back(types_.of(file_.annotations.types, id));
    if (types_.kind_of(types.back()) == tal::Kind::None || !is_in_scope(types.back()))
      return refuse("type arguments that are no word types of this function");
  }
  return true;
}

// C21: a signature at the type arguments that are written here, all of them (`whole`) or the first ones.
bool Judge::instance(TypeRef& signature, bool whole) {
  const tal::Instantiation* record = instantiation();
  const size_t variables = types_[signature].vars.size();
  if (variables == 0)
    return record == nullptr || leftover();
  if (record == nullptr)
    return !whole || refuse("type arguments are missing");
  std::vector<TypeRef> arguments;
  if (!written_types(*record, arguments))
    return false;
  if (arguments.empty() || arguments.size() > variables || (whole && arguments.size() != variables))
    return refuse("another number of type arguments");
  signature = types_.instance(signature, arguments);
  return signature != 0 || refuse("type arguments that do not fit");
}

bool Judge::callee(Path& path, TypeRef& signature, Special& which) {
  which = Special::None;
  if (inst_.row().form == Form::T) {
    const tal::Reloc* r = reloc_at(at_ + inst_.field);
    if (r == nullptr)
      return refuse("a call without relocation");
    const tal::Symbol& s = file_.annotations.symbols[r->symbol];
    if (s.kind != tal::SymbolKind::Function || r->addend != -4)
      return refuse("a call of something else than a function");
    if (s.scope == tal::Scope::Native && (which = tal::special_entry(s.name)) != Special::None)
      return instantiation() == nullptr || leftover();
    return declared(s, signature) && instance(signature, true);
  }
  Value v;
  if (!operand(path, true, v))
    return false;
  if (!v.is_word() || types_[v.type].sort != Sort::Fn || v.c != 0)
    return refuse("a call of something else than a function");
  if (!not_null(path, v))
    return refuse("the function may be null");
  signature = types_[v.type].target;
  return instance(signature, true);
}

// C39. What a signature says of these values is known, or is so from here on (`learns`).
bool Judge::conditions(Path& path, const std::vector<tal::SigFact>& facts, const std::vector<Value>& values, bool learns) {
  const auto operand = [&](tal::SigFact::Of of, uint8_t number, Value& v) {
    v = of == tal::SigFact::Of::Zero ? path.constant(0) : values.at(number);
    if (of == tal::SigFact::Of::Zero)
      return true;
    if (!v.is_word())
      return refuse("a condition on what is no value");
    const Sort sort = types_[v.type].sort;
    if (of == tal::SigFact::Of::Value)
      return types_.is_integer(v.type) || sort == Sort::Union || refuse("a condition on what is no number");
    return sort == Sort::Arr ? length_or_tag(path, v) : refuse("a condition on the length of what is no array");
  };
  for (const tal::SigFact& f : facts) {
    Value x, y;
    if (!operand(f.x_of, f.x, x) || !operand(f.y_of, f.y, y))
      return false;
    if (!(learns ? path.assume(x, y, f.c) : path.at_most(x, y, f.c)))
      return refuse("a condition of a signature is not known to hold");
  }
  return true;
}

// C18. Of a tail call no argument may be on the stack.
bool Judge::arguments(const Path& path, const Type& s, bool tail) {
  size_t general = 0, floats = 0;
  int32_t slot = -static_cast<int32_t>(path.depth / 8);
  std::vector<Value> values;
  for (TypeRef t : s.list) {
    const bool is_float = t == 5 || t == 6;
    Value& v = values.emplace_back();
    if (is_float && floats < 8) {
      floats++;
      continue;
    }
    if (!is_float && general < 6) {
      v = path.registers[argument_registers[general++]];
    } else {
      if (tail || slot >= 0)
        return refuse("an argument that is not on the stack");
      if (path.narrow.count(slot) != 0)
        return no_opinion("half a slot as an argument");
      if (auto found = path.slots.find(slot); found != path.slots.end())
        v = found->second;
      slot++;
    }
    if (is_float ? !v.is_word() : !is_of_type(path, v, t))
      return refuse("an argument of another type");
  }
  Path asked = path;
  return conditions(asked, s.pre, values, false);
}

// C24.
bool Judge::landing_pad() {
  const tal::EhRange* range = handler();
  if (range == nullptr)
    return true;
  const bool inside = range->start >= start_ && range->end <= end_ && range->pad >= start_ + 2 && range->pad < end_;
  return (inside && label_at(range->pad) != nullptr) || refuse("a landing pad without label record in the function");
}

// C23, C9: the exception goes to the landing pad, or the function throws.
bool Judge::may_throw(Path path) {
  for (uint8_t token : callee_saved) {
    bool found = path.registers[token].what == What::Token && path.registers[token].token == token;
    for (uint8_t r : callee_saved)
      found |= path.registers[r].what == What::Token && path.registers[r].token == token;
    for (const auto& [number, v] : path.slots)
      found |= v.what == What::Token && v.token == token;
    if (!found)
      return refuse("a callee-saved register is lost at a call that may throw");
  }
  const tal::EhRange* range = handler();
  if (range == nullptr)
    return signature_->throws || refuse("an exception leaves a function that does not throw");
  after_call(path, types_.exn());
  return edge(path, *label_at(range->pad)); // there is one: landing_pad()
}

bool Judge::after_call(Path& path, TypeRef result) {
  for (uint8_t r : caller_saved)
    path.registers[r] = {};
  path.flags = {};
  if (result != 0 && result != 5 && result != 6)
    path.registers[tal::rax] = of_type(path, result);
  return true;
}

bool Judge::call(Path& path, bool& goes_on) {
  TypeRef id = 0;
  Special which;
  if (!callee(path, id, which))
    return false;
  if (path.depth % 16 != 8)
    return refuse("the stack is not aligned at a call");
  if (!landing_pad())
    return false;
  if (which != Special::None)
    return special(path, which, goes_on);
  const Type s = types_[id];
  if (!s.vars.empty())
    return refuse("a function value with variables");
  if (!arguments(path, s, false))
    return false;
  size_t general = 0, floats = 0;
  int32_t slot = -static_cast<int32_t>(path.depth / 8);
  for (TypeRef t : s.list) // those on the stack belong to the callee
    if (t == 5 || t == 6 ? ++floats > 8 : ++general > 6)
      path.slots.erase(slot++);
  if (s.throws && !may_throw(path))
    return false;
  goes_on = !s.noret;
  return after_call(path, s.noret ? 0 : s.result) && conditions(path, s.post, {path.registers[tal::rax]}, true);
}

bool Judge::special(Path& path, Special which, bool& goes_on) {
  if (which == Special::Raise && !is_of_type(path, path.registers[tal::rdi], types_.exn()))
    return refuse("something else than an exception is raised");
  if (!may_throw(path))
    return false;
  Value result;
  switch (which) {
  case Special::New:
  case Special::NewArray:
    if (which == Special::New ? !make_object(path, result) : !make_array(path, result))
      return false;
    break;
  case Special::Raise:
  case Special::RaiseNull:
  case Special::RaiseBounds:
  case Special::RaiseDiv:
  case Special::RaiseVariant: goes_on = false; return true;
  case Special::Update: break;
  case Special::None: return no_opinion("an entry point");
  }
  after_call(path, 0);
  path.registers[tal::rax] = result;
  return true;
}

bool Judge::make_object(Path& path, Value& result) {
  const Value descriptor = path.registers[tal::rdi];
  if (descriptor.what != What::Descriptor || types_[descriptor.type].sort == Sort::Arr)
    return refuse("no descriptor of an object");
  const Type& t = types_[descriptor.type];
  if (t.sort == Sort::Union && types_[types_.layout(t.target)].list.empty())
    return refuse("a union without boxed variants");
  result = path.word(descriptor.type, path.fresh());
  About& about = path.about(result.name);
  if (t.sort == Sort::Exn || t.sort == Sort::Union) {
    about.missing = {0, 8};
    if (t.sort == Sort::Union)
      about.least = 4096; // an address
  } else {
    const Type& layout = types_[types_.layout(t.target)];
    if (layout.sort != Sort::Struct)
      return refuse("a descriptor of an unknown layout");
    for (const talsim::FieldType& f : layout.fields)
      if (!f.writable || !types_.zero_is_legal(f.type))
        about.missing.insert(f.offset);
  }
  about.under_construction = !about.missing.empty();
  return true;
}

bool Judge::make_array(Path& path, Value& result) {
  const Value descriptor = path.registers[tal::rdi], n = path.registers[tal::rsi], element = path.registers[tal::rdx];
  if (descriptor.what != What::Descriptor || types_[descriptor.type].sort != Sort::Arr)
    return refuse("no descriptor of an array");
  if (!is_of_type(path, n, 4))
    return refuse("the length of an array is no number");
  const Type& t = types_[descriptor.type];
  const bool is_float = types_[t.target].sort == Sort::F32 || types_[t.target].sort == Sort::F64;
  if (!(n.is_constant() && n.c == 0) && !is_float && !is_of_type(path, element, t.target))
    return refuse("the first element has another type");
  result = of_type(path, descriptor.type);
  const Value length = path.word(4, path.length_of(result.name));
  if (types_.is_integer(n.type) && !path.assume_equal(length, n)) // it raises, always: any state will do
    return no_opinion("an array of an impossible length");
  return true;
}

// A return, or a tail call.
bool Judge::leaves(const Path& path) {
  if (path.depth != 0)
    return refuse("a frame is left behind");
  for (uint8_t r : callee_saved)
    if (path.registers[r].what != What::Token || path.registers[r].token != r)
      return refuse("a callee-saved register is not restored");
  return true;
}

// C22.
bool Judge::return_(Path& path) {
  if (signature_->noret)
    return refuse("a function that does not return");
  if (!leaves(path))
    return false;
  const TypeRef result = types_.of(file_.annotations.types, signature_->result);
  if (result == 0 || result == 5 || result == 6)
    return true;
  return (is_of_type(path, path.registers[tal::rax], result) || refuse("a result of another type")) &&
         conditions(path, signature_->post, {path.registers[tal::rax]}, false);
}

// C32.
bool Judge::tail_call(Path& path) {
  TypeRef id = 0;
  Special which;
  if (!callee(path, id, which) || !leaves(path))
    return false;
  if (which != Special::None)
    return refuse("a tail call of an entry point with rules of its own");
  const Type& s = types_[id];
  if (!arguments(path, s, true))
    return false;
  size_t general = 0, floats = 0;
  for (tal::TypeId a : signature_->args) {
    const TypeRef t = types_.of(file_.annotations.types, a);
    if (t == 5 || t == 6 ? ++floats > 8 : ++general > 6)
      return refuse("a tail call over stack arguments");
  }
  if (s.throws && !signature_->throws)
    return refuse("an exception leaves a function that does not throw");
  if (s.noret)
    return true;
  const TypeRef result = types_.of(file_.annotations.types, signature_->result);
  if (signature_->noret || (result != 0 && (s.result == 0 || !types_.at_most(s.result, result))))
    return refuse("a result of another type");
  return talsim::Types::follow(signature_->post, s.post) || refuse("a result of which less is known");
}

// C36: each entry is a branch, on which the index is one of those with this entry.
bool Judge::jump_table(Path& path) {
  if (inst_.rm == tal::rsp || path.registers[inst_.rm].what != What::Jump)
    return refuse("no entry of a jump table");
  const Value v = path.registers[inst_.rm];
  const About element = path.about(v.name);
  const tal::Symbol& table = file_.annotations.symbols[element.table - 1];
  const auto word = [&](uint64_t at) {
    uint32_t w = 0;
    for (unsigned i = 0; i < 4; i++)
      w |= uint32_t{file_.image.rodata[table.offset + at + i]} << 8 * i;
    return w;
  };
  std::map<int64_t, std::pair<int64_t, int64_t>> ways; // the first and the last index that lead there
  for (uint32_t i = 0; i < word(0); i++) {
    const int64_t to = v.c + word(8 + 4 * uint64_t{i});
    ways.try_emplace(to, i, i).first->second.second = i;
  }
  const uint32_t from = at_;
  const tal::Inst inst = inst_;
  for (const auto& [to, indices] : ways) {
    if (to < int64_t{start_} + 2 || to >= end_)
      return refuse("an entry outside the function or in its entry window");
    const Value index = path.word(4, element.index, element.index_c);
    Path way = path;
    if (!way.assume(way.constant(indices.first), index, 0) || !way.assume(index, way.constant(indices.second), 0)) {
      if (to > from) // C4
        excluded_targets_.insert(static_cast<uint32_t>(to));
      continue;
    }
    if (code_.count(static_cast<uint32_t>(to)) == 0)
      return refuse("an entry inside an instruction");
    if (!arrive(from, static_cast<uint32_t>(to), std::move(way)))
      return false;
    at_ = from;
    inst_ = inst;
  }
  return true;
}

bool Judge::mentions(TypeRef type, uint32_t var) const {
  const Type& t = types_[type];
  if (type == 0 || t.sort == Sort::Var)
    return type != 0 && t.number == var;
  var += static_cast<uint32_t>(t.vars.size());
  bool found = mentions(t.target, var) || mentions(t.result, var);
  for (TypeRef x : t.list)
    found = found || mentions(x, var);
  for (const talsim::FieldType& f : t.fields)
    found = found || mentions(f.type, var);
  return found;
}

// C33, C35: a move with types written beside it.
bool Judge::package(Path& path) {
  std::vector<TypeRef> hidden;
  if (!written_types(*instantiation(), hidden))
    return false;
  if (hidden.empty())
    return refuse("no types");
  const TypeRef first = hidden[0];
  hidden.erase(hidden.begin());
  const Value v = path.registers[inst_.reg];
  if (types_[first].sort == Sort::Fn) {
    const TypeRef scheme = types_[first].target;
    const TypeRef at = hidden.empty() ? scheme : hidden.size() > types_[scheme].vars.size() ? 0 : types_.instance(scheme, hidden);
    if (at == 0 || !is_of_type(path, v, first))
      return refuse("no function value at these types");
    path.registers[inst_.rm] = of_type(path, types_[first].nullable ? types_.nullable(types_.function(at)) : types_.function(at));
    return true;
  }
  if (!types_.is_package(first))
    return refuse("no package");
  const TypeRef inside = types_.content(first, hidden);
  if (inside == 0)
    return refuse("hidden types that do not fit");
  if (v.is_word() && v.type == first)
    return open(path, first, inside, hidden);
  if (!is_of_type(path, v, inside))
    return refuse("something else than is in the package");
  path.registers[inst_.rm] = path.word(first, path.fresh());
  return true;
}

bool Judge::open(Path& path, TypeRef package, TypeRef inside, const std::vector<TypeRef>& hidden) {
  const std::vector<tal::Kind>& kinds = types_.hidden_kinds(package);
  for (size_t i = 0; i < hidden.size(); i++) {
    const Type& t = types_[hidden[i]];
    if (t.sort != Sort::Var || t.kind != kinds[i] || t.number < signature_->vars.size() || mentions(package, t.number) ||
        std::count(hidden.begin(), hidden.end(), hidden[i]) != 1)
      return refuse("hidden types have to be variables of their own");
  }
  for (TypeRef var : hidden) {
    const uint32_t number = types_[var].number;
    const auto forget = [&](Value& old) {
      if ((old.is_word() || old.what == What::Descriptor) && mentions(old.type, number))
        old = {};
    };
    for (Value& old : path.registers)
      forget(old);
    for (auto& [slot, old] : path.slots)
      forget(old);
    path.forget_payloads([&](TypeRef t) { return mentions(t, number); });
  }
  path.flags = {};
  path.registers[inst_.rm] = of_type(path, inside);
  return true;
}

} // namespace second
