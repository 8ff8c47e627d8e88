#include "ir/interp/machine.h"

#include <utility>

#include "ir/builder.h"
#include "ir/evaluate.h"

namespace ir::interp {

Outcome run(std::span<const Module* const> program, std::string_view function, std::span<const uint64_t> args, const Options& options) {
  return Machine(program, options).run(function, args);
}

// ---- linking ----

Machine::Machine(std::span<const Module* const> program, const Options& options)
    : program_(program.begin(), program.end()), options_(options), linked_(program.size()) {
  for (uint32_t i = 0; i < program_.size(); ++i) { // definitions first, so that imports find them
    for (const Function& f : program_[i]->functions)
      if (f.has_body())
        callables_.push_back({program_[i], i, &f, nullptr, f.name});
    for (const Global& g : program_[i]->globals)
      if (g.linkage != Linkage::Import) {
        cells_.push_back(0);
        if (g.linkage == Linkage::Public)
          public_globals_.emplace(g.name, &cells_.back());
      }
  }
  for (Callable& c : callables_)
    if (c.function->linkage == Linkage::Public)
      public_functions_.emplace(c.name, &c);
  for (uint32_t i = 0; i < program_.size(); ++i)
    link(i);
  for (uint32_t i = 0; i < program_.size(); ++i)
    initialize(i);
}

void Machine::link(uint32_t index) {
  Linked& linked = linked_[index];
  link_functions(index, linked);
  link_globals(index, linked);
  for (const Exception& e : program_[index]->exceptions) {
    if (e.linkage == Linkage::Static) {
      identities_.push_back({e.name});
      linked.exceptions.push_back(&identities_.back());
    } else {
      linked.exceptions.push_back(identity(e.name));
    }
  }
}

void Machine::link_functions(uint32_t index, Linked& linked) {
  std::unordered_map<const Function*, Callable*> own;
  for (Callable& c : callables_)
    own.emplace(c.function, &c);
  for (const Function& f : program_[index]->functions) {
    Callable* target = nullptr;
    if (f.has_body())
      target = own.at(&f);
    else if (Callable* found = find_entry(f.name))
      target = found;
    else {
      callables_.push_back({nullptr, 0, nullptr, find_native(base_name(f.name)), f.name});
      target = &callables_.back();
      public_functions_.emplace(target->name, target);
    }
    linked.functions.push_back(target);
  }
}

// The function of that name, or one that is the same for some of the widths in it.
Callable* Machine::find_entry(std::string_view name) const {
  if (auto found = public_functions_.find(name); found != public_functions_.end())
    return found->second;
  if (base_name(name) == name)
    return nullptr;
  for (const auto& [other, callable] : public_functions_)
    if (callable->function && entry_serves(other, name))
      return callable;
  return nullptr;
}

// Variables of the runtime hold distinct objects: the three streams.
void Machine::link_globals(uint32_t index, Linked& linked) {
  size_t cell = 0;
  for (uint32_t i = 0; i < index; ++i)
    for (const Global& g : program_[i]->globals)
      cell += g.linkage != Linkage::Import;
  for (const Global& g : program_[index]->globals) {
    if (g.linkage != Linkage::Import) {
      linked.globals.push_back(&cells_[cell++]);
      continue;
    }
    auto [found, is_new] = public_globals_.try_emplace(g.name, nullptr);
    if (is_new) {
      cells_.push_back(word(make(1)));
      found->second = &cells_.back();
    }
    linked.globals.push_back(found->second);
  }
}

void Machine::initialize(uint32_t index) {
  const Module& module = *program_[index];
  Linked& linked = linked_[index];
  for (const DataObject& d : module.data) {
    Object* object = make(0);
    linked.data.push_back(object);
    const frontend::Type type = module.types->get(d.type);
    auto element_type = [&](uint32_t i) {
      if (d.kind == DataObject::Kind::Array)
        return type.element;
      if (d.kind == DataObject::Kind::Exn)
        return module.exception(d.exception).payload;
      if (d.kind == DataObject::Kind::Variant)
        return module.types->field_type(d.type, d.variant);
      return type.kind == frontend::TypeKind::Tuple ? type.args[i] : module.types->field_type(d.type, i);
    };
    if (d.kind == DataObject::Kind::Exn)
      object->words.push_back(reinterpret_cast<Word>(linked.exceptions[d.exception.value]));
    if (d.kind == DataObject::Kind::Variant)
      object->words.push_back(d.variant);
    for (char c : d.bytes)
      object->words.push_back(static_cast<unsigned char>(c));
    for (uint32_t i = 0; i < d.elements.size(); ++i)
      object->words.push_back(constant(index, d.elements[i], element_type(i)));
    if (d.kind == DataObject::Kind::Array && !object->words.empty())
      object->words.resize(d.length, object->words.back());
  }
  for (size_t i = 0; i < module.globals.size(); ++i)
    if (module.globals[i].linkage != Linkage::Import)
      *linked.globals[i] = constant(index, module.globals[i].init, module.globals[i].type);
}

Word Machine::constant(uint32_t index, const Constant& c, frontend::TypeId type) {
  const Linked& linked = linked_[index];
  switch (c.kind) {
  case Constant::Kind::Int: return zero_extend(static_cast<uint64_t>(c.imm), bit_width(*program_[index]->types, type));
  case Constant::Kind::Real: return float_bits(real_value(c.imm), bit_width(*program_[index]->types, type));
  case Constant::Kind::Null: return 0;
  case Constant::Kind::Data: return word(linked.data[c.symbol]);
  case Constant::Kind::Func: return reinterpret_cast<Word>(linked.functions[c.symbol]);
  case Constant::Kind::Case: {
    const frontend::TypeStore& types = *program_[index]->types;
    return types.case_number(types.decl_of(type), static_cast<uint32_t>(c.imm)).number;
  }
  case Constant::Kind::GlobalAddr: return address_of(*linked.globals[c.symbol]);
  case Constant::Kind::Exception: return reinterpret_cast<Word>(linked.exceptions[c.symbol]);
  case Constant::Kind::Rep: return representation(*program_[index], c.type_args[0]);
  }
  return 0;
}

Word Machine::address_of(Word& cell) {
  auto [place, is_new] = addresses_.try_emplace(&cell, nullptr);
  if (is_new) {
    place->second = make(0);
    place->second->cell = &cell;
  }
  return word(place->second);
}

Word Machine::representation(const Module& module, frontend::TypeId type) {
  auto [place, is_new] = representations_.try_emplace(module.types->print(type), nullptr);
  if (is_new)
    place->second = make(0);
  return word(place->second);
}

ExceptionIdentity* Machine::identity(std::string_view name) {
  auto found = public_exceptions_.find(name);
  if (found != public_exceptions_.end())
    return found->second;
  identities_.push_back({std::string(name)});
  ExceptionIdentity* made = &identities_.back();
  public_exceptions_.emplace(made->name, made);
  return made;
}

// ---- services ----

Object* Machine::make(size_t size, Word fill) {
  heap_.emplace_back();
  heap_.back().words.assign(size, fill);
  return &heap_.back();
}

Word Machine::make_string(std::string_view text) {
  Object* o = make(0);
  for (char c : text)
    o->words.push_back(static_cast<unsigned char>(c));
  return word(o);
}

std::string Machine::text(Word string) {
  std::string out;
  for (Word w : object(string)->words)
    out += static_cast<char>(w);
  return out;
}

bool Machine::raise(std::string_view exception, Word payload) {
  Object* packet = make(2);
  packet->words = {reinterpret_cast<Word>(identity(exception)), payload};
  unwind(word(packet));
  return false;
}

bool Machine::exit(Word status) {
  outcome_.kind = Outcome::Kind::Exited;
  outcome_.value = status;
  done_ = true;
  return false;
}

void Machine::fail(std::string error) {
  outcome_.kind = Outcome::Kind::Failed;
  if (outcome_.error.empty())
    outcome_.error = std::move(error);
  done_ = true;
}

// ---- control ----

Outcome Machine::run(std::string_view function, std::span<const Word> args) {
  auto found = public_functions_.find(function);
  if (found == public_functions_.end() || !found->second->function)
    fail("no function `" + std::string(function) + "`");
  else if (args.empty() && found->second->function->param_types.size() == 1)
    enter(found->second, {program_arguments()});
  else if (found->second->function->param_types.size() != args.size())
    fail("wrong number of arguments for `" + std::string(function) + "`");
  else
    enter(found->second, {args.begin(), args.end()});
  while (!done_)
    step();
  return std::move(outcome_);
}

Word Machine::program_arguments() {
  Object* array = make(options_.arguments.size());
  for (size_t i = 0; i < options_.arguments.size(); ++i)
    array->words[i] = make_string(options_.arguments[i]);
  return word(array);
}

void Machine::enter(const Callable* callable, std::vector<Word> args) {
  if (frames_.size() >= options_.depth_limit)
    return fail("too many calls in progress");
  const Function& f = *callable->function;
  frames_.push_back({callable, f.entry(), 0, std::vector<Word>(f.values.size())});
  const std::vector<ValueId>& params = f.block(f.entry()).params;
  for (size_t i = 0; i < params.size(); ++i)
    frames_.back().values[params[i].value] = args[i];
}

void Machine::step() {
  if (++steps_ > options_.step_limit)
    return fail("step limit reached");
  Frame& frame = frames_.back();
  const Function& f = *frame.callable->function;
  const Inst& inst = f.inst(f.block(frame.block).insts[frame.next++]);
  execute(frame, inst);
}

void Machine::leave(Word result) {
  frames_.pop_back();
  if (frames_.empty()) {
    outcome_.kind = Outcome::Kind::Returned;
    outcome_.value = result;
    done_ = true;
    return;
  }
  Frame& caller = frames_.back();
  const Function& f = *caller.callable->function;
  set(caller, f.inst(f.block(caller.block).insts[caller.next - 1]), result);
}

// In each frame the instruction under way is the one that throws; its block says where to.
void Machine::unwind(Word exception) {
  while (!frames_.empty()) {
    Frame& frame = frames_.back();
    const Block& block = frame.callable->function->block(frame.block);
    bool at_terminator = frame.next == block.insts.size();
    if (block.has_unwind() && !at_terminator)
      return follow(frame, block.unwind, &exception);
    frames_.pop_back();
  }
  outcome_.kind = Outcome::Kind::Uncaught;
  outcome_.exception = reinterpret_cast<ExceptionIdentity*>(object(exception)->words[0])->name;
  done_ = true;
}

void Machine::follow(Frame& frame, const Edge& edge, const Word* exception) {
  std::vector<Word> incoming;
  if (exception)
    incoming.push_back(*exception);
  for (ValueId arg : edge.args)
    incoming.push_back(get(frame, arg));
  const std::vector<ValueId>& params = frame.callable->function->block(edge.target).params;
  for (size_t i = 0; i < params.size(); ++i)
    frame.values[params[i].value] = incoming[i];
  frame.block = edge.target;
  frame.next = 0;
}

unsigned Machine::width(const Frame& frame, ValueId v) const {
  unsigned bits = bit_width(*frame.callable->module->types, frame.callable->function->value(v).type.id);
  return bits == 0 ? 64 : bits;
}

} // namespace ir::interp
