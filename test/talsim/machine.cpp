// Control: functions, calls, exceptions, labels. See machine.h.
#include "machine.h"

#include <algorithm>

namespace talsim {
namespace {

constexpr uint8_t kept[] = {rbx, rbp, r12, r13, r14, r15};
constexpr uint8_t lost[] = {rax, rcx, rdx, rsi, rdi, r8, r9, r10, r11};
constexpr uint8_t argument_registers[] = {rdi, rsi, rdx, rcx, r8, r9};
constexpr uint64_t text_base = 0x100000000, module_distance = 0x10000000;

} // namespace

Machine::Machine(Types& t, const tal::NativeInterface& n, World& w, uint64_t seed)
    : types(t), heap(t), natives(n), world(w), random(seed) {
  heap.set_code_types(&closure_types_);
  stack_.resize(64);
  rsp_ = stack_top - 8 * 8;
}

void Machine::reset() {
  stop = {};
  exception = {};
  frames_.clear();
  held_.clear();
  nesting_ = 0;
  rsp_ = stack_top - 8 * 8;
  reg_.fill({});
}

Outcome Machine::violate(std::string reason) {
  if (stop.why == Stop::Why::Nothing) {
    stop.why = Stop::Why::Violation;
    stop.reason = std::move(reason);
    if (!frames_.empty() && frames_.back().module < modules.size()) {
      stop.module = frames_.back().module;
      stop.at = pc_;
      stop.function = modules[stop.module]->function_name(pc_);
    }
  }
  return Outcome::Stopped;
}

Outcome Machine::limit(std::string reason) {
  if (stop.why == Stop::Why::Nothing) {
    stop.why = Stop::Why::Limit;
    stop.reason = std::move(reason);
  }
  return Outcome::Stopped;
}

// ---- symbols -------------------------------------------------------------------------------------------------------

uint32_t Machine::closure(uint32_t module, uint32_t symbol, EnvRef env) {
  auto key = std::tuple(module, symbol, env, std::string(), TypeRef{0});
  if (auto known = closure_numbers_.find(key); known != closure_numbers_.end())
    return known->second;
  const Module& m = *modules[module];
  const tal::Symbol& s = m.symbol(symbol);
  const auto& table = m.file.annotations.types;
  if (!s.type || table.tag(s.type) != tal::TypeTag::Sig)
    return 0;
  const TypeRef signature = types.instance(types.of(table, s.type), types.types_of(env));
  if (signature == 0)
    return 0;
  auto number = static_cast<uint32_t>(closures_.size());
  closures_.push_back({module, symbol, env, signature, ""});
  closure_types_.push_back(signature);
  return closure_numbers_[key] = number;
}

uint32_t Machine::world_closure(const std::string& name, TypeRef signature, EnvRef env) {
  auto [at, fresh] = closure_numbers_.try_emplace({UINT32_MAX, 0, env, name, signature}, static_cast<uint32_t>(closures_.size()));
  if (fresh) {
    closures_.push_back({UINT32_MAX, 0, env, signature, name});
    closure_types_.push_back(signature);
  }
  return at->second;
}

// A polymorphic function at more type arguments; 0 if they do not fit. It is the same code.
uint32_t Machine::instance(uint32_t code, EnvRef more) {
  const Closure c = closures_[code];
  std::vector<TypeRef> all = types.types_of(c.env);
  all.insert(all.end(), types.types_of(more).begin(), types.types_of(more).end());
  if (c.module != UINT32_MAX)
    return closure(c.module, c.symbol, types.environment(all));
  const TypeRef signature = types.instance(c.signature, types.types_of(more));
  return signature == 0 ? 0 : world_closure(c.name, signature, types.environment(all));
}

Word Machine::code_word(uint32_t id) const {
  const Closure& c = closures_[id];
  uint64_t address = c.module == UINT32_MAX ? 0x40000000 + 16 * uint64_t{id}
                                            : text_base + module_distance * c.module + modules[c.module]->symbol(c.symbol).offset;
  return {address, id, Tag::Code, 0};
}

uint32_t Machine::exception_name(const std::string& native) {
  auto [at, fresh] = native_objects_.try_emplace("exception " + native, 0);
  if (fresh) {
    auto found = natives.natives.find(native);
    bool known = found != natives.natives.end() && found->second.what == tal::Native::What::ExnName;
    at->second = heap.new_name(known ? types.of(natives.types, found->second.type) : types.exn_name(0));
    heap[at->second].title = native;
  }
  return at->second;
}

// One object for each type, of which nothing can be read.
Word Machine::representation(TypeRef rep) {
  auto [at, fresh] = native_objects_.try_emplace("rep " + std::to_string(rep), 0);
  if (fresh) {
    at->second = heap.new_opaque(rep);
    heap[at->second].is_static = true;
  }
  return heap.pointer(at->second);
}

// The address of a symbol as code of this module sees it; `env` are the type arguments at a reference to a polymorphic function.
Word Machine::symbol_address_in(uint32_t module, uint32_t symbol, EnvRef env, bool& ok) {
  ok = true;
  Module& m = *modules[module];
  const tal::Symbol& s = m.symbol(symbol);
  if (auto [to, there] = m.binding[symbol]; to != UINT32_MAX)
    return symbol_address_in(to, there, env, ok);
  const auto& table = m.file.annotations.types;
  bool native = s.scope == tal::Scope::Native;
  auto found = natives.natives.find(s.name);
  switch (s.kind) {
  case tal::SymbolKind::Desc:
    if (table.tag(s.type) == tal::TypeTag::Rep)
      return representation(types.of(table, s.type));
    return {0x50000000 + 16 * uint64_t{symbol}, types.of(table, s.type, env), Tag::Desc, 0};
  case tal::SymbolKind::Function: {
    uint32_t id = 0;
    if (s.section == tal::Section::Text) {
      id = closure(module, symbol, env);
    } else {
      const tal::TypeTable& where = native ? natives.types : table;
      tal::TypeId type = native && found != natives.natives.end() ? found->second.type : native ? tal::no_type : s.type;
      if (type && where.tag(type) == tal::TypeTag::Sig)
        if (TypeRef signature = types.instance(types.of(where, type), types.types_of(env)))
          id = world_closure(s.name, signature, env);
    }
    ok = id != 0;
    return code_word(id);
  }
  case tal::SymbolKind::ExnName:
    if (native)
      return heap.pointer(exception_name(s.name));
    if (m.object_of[symbol] == 0) {
      m.object_of[symbol] = heap.new_name(types.of(table, s.type));
      heap[m.object_of[symbol]].title = s.name;
    }
    return heap.pointer(m.object_of[symbol]);
  case tal::SymbolKind::Data:
    if (m.object_of[symbol] == 0 && !make_static(module, symbol)) {
      ok = false;
      return {};
    }
    return heap.pointer(m.object_of[symbol]);
  }
  return {};
}

Word Machine::symbol_address(uint32_t module, uint32_t symbol) {
  bool ok;
  return symbol_address_in(module, symbol, 0, ok);
}

// ---- static objects ------------------------------------------------------------------------------------------------

bool Machine::make_static(uint32_t module, uint32_t symbol) {
  Module& m = *modules[module];
  const tal::Symbol& s = m.symbol(symbol);
  bool native = s.scope == tal::Scope::Native;
  auto found = natives.natives.find(s.name);
  if (native && found == natives.natives.end())
    return wrong("no variable " + s.name);
  if (native) {
    if (auto known = native_objects_.find("data " + s.name); known != native_objects_.end()) {
      m.object_of[symbol] = known->second;
      return true;
    }
  }
  const tal::TypeTable& table = native ? natives.types : m.file.annotations.types;
  TypeRef type = types.of(table, native ? found->second.type : s.type);
  uint32_t id;
  if (types[type].sort == Sort::Arr) {
    uint64_t length = 0;
    const auto& image = m.file.image;
    const tal::Bytes* bytes = s.section == tal::Section::Data     ? &image.data
                              : s.section == tal::Section::RoData ? &image.rodata
                              : s.section == tal::Section::RelRo  ? &image.relro
                                                                  : nullptr;
    if (bytes != nullptr && s.offset + 8 <= bytes->size())
      for (unsigned i = 0; i < 8; i++)
        length |= uint64_t{(*bytes)[s.offset + i]} << 8 * i;
    else if (s.section == tal::Section::None)
      length = random.below(6);
    if (length > (s.section == tal::Section::None ? 6 : s.size))
      return wrong("the length of static array `" + s.name + "`");
    id = heap.new_array(type, length);
  } else if (types[type].sort == Sort::Union) {
    TypeRef cases = types.layout(types[type].target);
    if (cases == 0 || types[cases].list.empty() || s.section == tal::Section::None)
      return wrong("the type of `" + s.name + "`");
    id = heap.new_variant(types[type].target);
  } else if (types[type].sort == Sort::Exn && s.section != tal::Section::None) {
    id = heap.new_packet();
  } else {
    if (types[type].sort != Sort::Ptr || types.layout(types[type].target) == 0)
      return wrong("the type of `" + s.name + "`");
    id = heap.new_struct(types[type].target);
  }
  heap[id].is_static = true;
  heap[id].title = s.name;
  heap[id].missing.clear();
  m.object_of[symbol] = id;
  if (native)
    native_objects_["data " + s.name] = id;
  if (s.section == tal::Section::None) { // the world's
    auto put = [&](uint64_t at, TypeRef t, unsigned bytes) {
      Word w = world.initial(*this, t, s.name);
      heap.write_raw(heap[id], at, bytes, heap.seen_as(w, t));
    };
    if (heap[id].shape == Object::Shape::Struct)
      for (const FieldType& f : std::vector<FieldType>(types[heap[id].layout].fields))
        put(f.offset, f.type, f.bytes);
    else
      for (uint64_t i = 0, w = types.width(types[type].target); i < heap[id].length(); i++)
        put(8 + i * w, types[type].target, static_cast<unsigned>(w));
    if (stop.why != Stop::Why::Nothing) { // there is no such value: the next run must not find half an object
      m.object_of[symbol] = 0;
      native_objects_.erase("data " + s.name);
      return false;
    }
  }
  return true;
}

// Every word is a value of its type, relocations applied.
bool Machine::fill_static(uint32_t module, uint32_t symbol) {
  Module& m = *modules[module];
  const tal::Symbol& s = m.symbol(symbol);
  const auto& image = m.file.image;
  const std::vector<tal::Reloc>* relocs = nullptr;
  const tal::Bytes* bytes = nullptr;
  if (s.section == tal::Section::Data) {
    bytes = &image.data;
    relocs = &image.data_relocs;
  } else if (s.section == tal::Section::RelRo) {
    bytes = &image.relro;
    relocs = &image.relro_relocs;
  } else if (s.section == tal::Section::RoData) {
    bytes = &image.rodata;
  }
  uint32_t id = m.object_of[symbol];
  heap[id].frozen = s.section == tal::Section::RoData || s.section == tal::Section::RelRo;
  auto word_at = [&](uint64_t offset, unsigned size, Word& w) {
    w = number(0);
    uint64_t at = s.offset + offset;
    if (bytes != nullptr) {
      if (at + size > bytes->size())
        return wrong("static object `" + s.name + "` outside its section");
      for (unsigned i = 0; i < size; i++)
        w.bits |= uint64_t{(*bytes)[at + i]} << 8 * i;
    }
    if (relocs == nullptr)
      return true;
    auto r = std::lower_bound(relocs->begin(), relocs->end(), at, [](const tal::Reloc& x, uint64_t o) { return x.offset < o; });
    bool ok = true;
    if (r != relocs->end() && r->offset == at)
      w = symbol_address_in(module, r->symbol, 0, ok);
    return ok || wrong("a relocation without meaning");
  };
  auto field = [&](uint64_t offset, TypeRef type, unsigned size) {
    Word w;
    if (!word_at(offset, size, w))
      return false;
    // A package of what stands there, at the types that it has.
    if (types.is_package(type)) {
      TypeRef inside = types.integer(8);
      if (w.tag == Tag::Pointer)
        inside = types.pointer_to(heap[w.id].shape == Object::Shape::Array, heap[w.id].type);
      else if (w.tag == Tag::Code)
        inside = types.function(closures_[w.id].signature);
      std::vector<TypeRef> hidden = types.match_hidden(type, inside);
      for (TypeRef& t : hidden)
        t = t == 0 ? types.integer(8) : t;
      TypeRef content = types.content(type, hidden);
      if (content == 0 || !heap.inhabits(w, content).empty())
        return wrong("static object `" + s.name + "`, a package of type " + types.name(type));
      w = heap.pack(type, hidden, heap.seen_as(w, content));
    }
    if (w.tag == Tag::Code && types[type].sort == Sort::Fn) { // an instance, at the types that its place shows
      w.id = instance(w.id, types.environment(types.match_arguments(closures_[w.id].signature, types[type].target)));
      if (w.id == 0)
        return wrong("static object `" + s.name + "`, an instance at types that do not fit");
    }
    bool checked = size == 8 || !types.is_integer(type);
    if (std::string why = checked ? heap.inhabits(w, type) : ""; !why.empty() && types[type].sort != Sort::F64 && types[type].sort != Sort::F32)
      return wrong("static object `" + s.name + "`, a place of type " + types.name(type) + ": " + why);
    heap.write_raw(heap[id], offset, size, heap.seen_as(w, type));
    return true;
  };
  if (heap[id].shape == Object::Shape::Struct) {
    for (const FieldType& f : std::vector<FieldType>(types[heap[id].layout].fields))
      if (!field(f.offset, f.type, f.bytes))
        return false;
    return true;
  }
  if (heap[id].shape == Object::Shape::Variant) {
    const Type& cases = types[heap[id].layout];
    Word tag;
    if (!word_at(0, 8, tag))
      return false;
    if (tag.tag != Tag::Int || tag.bits >= cases.list.size())
      return wrong("static variant `" + s.name + "` has tag " + describe(tag));
    heap.write_raw(heap[id], 0, 8, tag);
    return field(8, cases.list[tag.bits], 8);
  }
  if (heap[id].shape == Object::Shape::Packet) {
    Word name;
    if (!word_at(0, 8, name))
      return false;
    if (name.tag != Tag::Pointer || heap[name.id].shape != Object::Shape::Name)
      return wrong("static exception `" + s.name + "` has as name " + describe(name));
    heap.write_raw(heap[id], 0, 8, name);
    heap[id].name = name.id;
    TypeRef payload = types[heap[name.id].type].target;
    if (s.size != (payload == 0 ? 8u : 16u))
      return wrong("the size of static exception `" + s.name + "`");
    return payload == 0 || field(8, payload, 8);
  }
  TypeRef element = types[heap[id].type].target;
  unsigned width = types.width(element);
  for (uint64_t i = 0, n = heap[id].length(); i < n; i++)
    if (!field(8 + i * width, element, width))
      return false;
  return true;
}

bool Machine::start() {
  for (int pass = 0; pass < 2; pass++)
    for (uint32_t m = 0; m < modules.size(); m++)
      for (uint32_t s = 0; s < modules[m]->file.annotations.symbols.size(); s++) {
        const tal::Symbol& symbol = modules[m]->symbol(s);
        if (symbol.kind != tal::SymbolKind::Data || symbol.section == tal::Section::None)
          continue;
        if (pass == 0 ? modules[m]->object_of[s] == 0 && !make_static(m, s) : !fill_static(m, s))
          return false;
      }
  return true;
}

// ---- collection ----------------------------------------------------------------------------------------------------

void Machine::collect(const std::vector<Word>& also) {
  heap.begin_collection();
  for (const Word& w : reg_)
    heap.mark(w);
  if (!frames_.empty())
    for (uint64_t a = rsp_; a < stack_top - 8; a += 8)
      heap.mark(stack_at(a));
  for (const Frame& f : frames_)
    for (const Word& w : f.saved)
      heap.mark(w);
  for (const Word& w : also)
    heap.mark(w);
  for (const Word& w : held_)
    heap.mark(w);
  heap.mark(exception);
  heap.finish_collection();
}

void Machine::safepoint(const std::vector<Word>& also) {
  if (collect_every != 0 && ++safepoints_ % collect_every == 0)
    collect(also);
}

// ---- decoding ------------------------------------------------------------------------------------------------------

// Marks the instruction starts of a function, from its first byte to its last.
bool Machine::sweep(const Module& module, uint32_t symbol) {
  auto& m = const_cast<Module&>(module);
  if (m.function_at_symbol[symbol])
    return true;
  const tal::Symbol& s = m.symbol(symbol);
  const tal::Bytes& text = m.file.image.text;
  for (uint32_t at = s.offset; at < s.offset + s.size;) {
    Instruction inst;
    if (at >= text.size() || !read_instruction(std::span(text).subspan(at), inst))
      return wrong("no instruction at text offset " + std::to_string(at));
    m.starts[at] = 1;
    m.instructions.push_back(inst);
    m.decoded[at] = static_cast<uint32_t>(m.instructions.size());
    at += inst.length;
    if (at > s.offset + s.size)
      return wrong("an instruction across the end of the function");
  }
  m.function_at_symbol[symbol] = 1;
  return true;
}

bool Machine::fetch(Instruction& inst) {
  Module& m = *modules[frames_.back().module];
  const tal::Symbol& s = m.symbol(frames_.back().symbol);
  if (pc_ < s.offset || pc_ >= s.offset + s.size)
    return wrong("execution leaves the function");
  if (!m.starts[pc_])
    return wrong("execution inside an instruction");
  inst = m.instructions[m.decoded[pc_] - 1];
  return true;
}

// ---- labels --------------------------------------------------------------------------------------------------------

Word* Machine::location(int32_t where) {
  if (!tal::is_slot(where))
    return where == rsp || where < 0 || where > 15 ? nullptr : &reg_[static_cast<size_t>(where)];
  const Frame& f = frames_.back();
  int32_t slot = where - tal::slot_base;
  uint64_t address = f.entry + static_cast<uint64_t>(int64_t{slot} * 8);
  bool fits = slot < 0 ? address >= rsp_ : slot > 0 && static_cast<uint32_t>(slot) <= f.stack_arguments;
  return fits ? &stack_at(address) : nullptr;
}

bool Machine::fact_value(const tal::LabelRecord& label, const tal::FactOperand& o, Wide& value) {
  value = 0;
  if (o.what == tal::FactOperand::What::Zero)
    return true;
  const Word& w = *location(label.live[o.at].location);
  if (o.what == tal::FactOperand::What::Value) {
    value = static_cast<int64_t>(w.bits);
    return true;
  }
  if (w.tag == Tag::Int)
    return false; // the length of nothing, the tag of a constant: any number
  if (w.tag == Tag::Pointer && heap[w.id].shape == Object::Shape::Variant) {
    value = static_cast<int64_t>(heap[w.id].length()); // its first word
    return true;
  }
  if (w.tag != Tag::Pointer || heap[w.id].shape != Object::Shape::Array)
    return wrong("a label speaks of the length of " + describe(w));
  value = static_cast<int64_t>(heap[w.id].length());
  return true;
}

bool Machine::arrive_at_label(const tal::LabelRecord& label) {
  const Frame& f = frames_.back();
  const auto& table = modules[f.module]->file.annotations.types;
  if (f.entry - rsp_ != label.depth)
    return wrong("a label says depth " + std::to_string(label.depth) + " where it is " + std::to_string(f.entry - rsp_));
  std::array<bool, 16> listed{};
  std::vector<std::pair<Word*, Word>> slots;
  std::array<Word, 16> seen = reg_;
  for (const tal::LiveLocation& live : label.live) {
    Word* w = location(live.location);
    if (w == nullptr)
      return wrong("a label lists a place that does not exist");
    Word as = *w;
    if (live.type.what == tal::LocationType::What::Saved) {
      if (w->tag != Tag::Token || w->id != f.id || w->aux != live.type.saved)
        return wrong("a label says that a place holds the caller's register, it holds " + describe(*w));
    } else {
      TypeRef t = types.of(table, live.type.type, f.env);
      if (std::string why = heap.inhabits(*w, t); !why.empty())
        return wrong("a label says " + types.name(t) + " of location " + std::to_string(live.location) + ": " + why);
      as = heap.seen_as(*w, t);
    }
    if (tal::is_slot(live.location))
      slots.push_back({w, as});
    else {
      listed[static_cast<size_t>(live.location)] = true;
      seen[static_cast<size_t>(live.location)] = as;
    }
  }
  for (auto [a, b] : label.same)
    if (location(label.live[a].location)->bits != location(label.live[b].location)->bits)
      return wrong("a label says that two places hold the same");
  for (const tal::Fact& fact : label.facts) {
    Wide x, y;
    if (fact_value(label, fact.x, x) && fact_value(label, fact.y, y) && x - y > fact.c)
      return wrong("a fact of a label is false: " + std::to_string(static_cast<int64_t>(x)) + " - " +
                   std::to_string(static_cast<int64_t>(y)) + " <= " + std::to_string(fact.c));
    if (stop.why != Stop::Why::Nothing)
      return false;
  }
  // From here on only what the label lists exists.
  for (uint8_t r : kept)
    if (label.saved_in_place && !listed[r]) {
      if (reg_[r].tag != Tag::Token || reg_[r].id != f.id || reg_[r].aux != r)
        return wrong("a label says that callee-saved registers are untouched");
      listed[r] = true;
    }
  for (uint8_t r = 0; r < 16; r++)
    if (r != rsp)
      reg_[r] = listed[r] ? seen[r] : junk();
  for (uint64_t a = rsp_; a < f.entry; a += 8) {
    Word& w = stack_at(a);
    if (std::none_of(slots.begin(), slots.end(), [&](const auto& s) { return s.first == &w; }))
      w = junk();
  }
  for (auto& [w, as] : slots)
    *w = as;
  junk_flags();
  return true;
}

// ---- entering and leaving ------------------------------------------------------------------------------------------

bool Machine::type_arguments(uint32_t at, EnvRef& env) {
  const Frame& f = frames_.back();
  const auto& a = modules[f.module]->file.annotations;
  env = 0;
  int32_t found = modules[f.module]->inst_at[at];
  if (found < 0)
    return true;
  std::vector<TypeRef> list;
  for (tal::TypeId t : a.insts[static_cast<size_t>(found)].args)
    list.push_back(types.of(a.types, t, f.env));
  env = types.environment(list);
  return true;
}

// A move with type arguments makes an instance of a function, makes a package, or opens one and names what it hides.
bool Machine::typed_move(const Instruction& inst, const tal::Instantiation& record) {
  Frame& f = frames_.back();
  const auto& table = modules[f.module]->file.annotations.types;
  TypeRef package = types.of(table, record.args[0], f.env);
  if (types[package].sort == Sort::Fn)
    return move_instance(inst, record, package);
  if (!types.is_package(package))
    return wrong("a move with type arguments that name no package");
  const Word w = reg_[inst.reg];
  // A package that holds a package of its own type is made of one; then the hidden types need not be variables.
  const bool at_variables = std::all_of(record.args.begin() + 1, record.args.end(), [&](tal::TypeId t) { return table.tag(t) == tal::TypeTag::Var; });
  if (w.tag == Tag::Package && heap.package(w.id).type == package && at_variables) {
    const Package opened = heap.package(w.id);
    std::vector<TypeRef> env = types.types_of(f.env);
    for (size_t i = 1; i < record.args.size(); i++) {
      if (i > opened.hidden.size())
        return wrong("a package opened at other types than it hides");
      uint32_t variable = table.var_index(record.args[i]);
      if (variable >= env.size())
        env.resize(variable + 1);
      env[variable] = opened.hidden[i - 1];
    }
    f.env = types.environment(env);
    return set_register(inst.rm, opened.content);
  }
  std::vector<TypeRef> hidden;
  for (size_t i = 1; i < record.args.size(); i++)
    hidden.push_back(types.of(table, record.args[i], f.env));
  TypeRef inside = types.content(package, hidden);
  if (inside == 0)
    return wrong("a package with hidden types that do not fit");
  if (std::string why = heap.inhabits(w, inside); !why.empty())
    return wrong("a package of " + types.name(inside) + ": " + why);
  return set_register(inst.rm, heap.pack(package, hidden, heap.seen_as(w, inside)));
}

bool Machine::move_instance(const Instruction& inst, const tal::Instantiation& record, TypeRef function) {
  Word w = reg_[inst.reg];
  if (std::string why = heap.inhabits(w, function); !why.empty())
    return wrong("an instance of " + types.name(function) + ": " + why);
  if (w.tag != Tag::Code) // null
    return set_register(inst.rm, w);
  std::vector<TypeRef> arguments;
  for (size_t i = 1; i < record.args.size(); i++)
    arguments.push_back(types.of(modules[frames_.back().module]->file.annotations.types, record.args[i], frames_.back().env));
  if (types.instance(types[function].target, arguments) == 0 || (w.id = instance(w.id, types.environment(arguments))) == 0)
    return wrong("an instance at types that do not fit");
  return set_register(inst.rm, w);
}

// The return address stands at rsp_ already.
bool Machine::enter(uint32_t code, const std::vector<Word>& arguments, bool tail) {
  const Closure c = closures_[code];
  const Type signature = types[c.signature];
  if (!sweep(*modules[c.module], c.symbol))
    return false;
  if (!tail) {
    Frame& f = frames_.emplace_back();
    f.id = next_frame_++;
    f.entry = rsp_;
    stack_at(rsp_) = {text_base, f.id, Tag::Return, 0};
    for (size_t i = 0; i < 6; i++) {
      f.saved[i] = reg_[kept[i]];
      reg_[kept[i]] = {reg_[kept[i]].bits, f.id, Tag::Token, kept[i]};
    }
  }
  Frame& f = frames_.back();
  f.module = c.module;
  f.symbol = c.symbol;
  f.code = code;
  f.env = c.env;
  f.signature = c.signature;
  const std::vector<Place> places = places_of(c.signature, f.stack_arguments);
  for (uint8_t r : lost)
    reg_[r] = junk();
  for (Xmm& x : xmm_)
    x = {random.next(), random.next()};
  for (size_t i = 0; i < arguments.size(); i++) {
    Word w = heap.seen_as(arguments[i], signature.list[i]);
    switch (places[i].where) {
    case Place::Where::General: reg_[argument_registers[places[i].number]] = w; break;
    case Place::Where::Xmm: xmm_[places[i].number].low = w.bits; break;
    case Place::Where::Stack: stack_at(f.entry + 8 + 8 * places[i].number) = w; break;
    }
  }
  junk_flags();
  pc_ = modules[c.module]->symbol(c.symbol).offset;
  return true;
}

std::vector<Place> Machine::places_of(TypeRef signature, unsigned& stack_words) const {
  std::vector<Place> places;
  uint8_t general = 0, xmm = 0, stack = 0;
  for (TypeRef t : types[signature].list) {
    uint8_t& next = is_float(t) ? xmm : general;
    if (next < (is_float(t) ? 8 : 6))
      places.push_back({is_float(t) ? Place::Where::Xmm : Place::Where::General, next++});
    else
      places.push_back({Place::Where::Stack, stack++});
  }
  stack_words = stack;
  return places;
}

// What a function of this signature has left where its result belongs.
Word Machine::result_of(TypeRef signature) const {
  TypeRef t = types[signature].result;
  return t != 0 && is_float(t) ? number(xmm_[0].low) : reg_[rax];
}

// Arguments of a call that is about to happen, checked.
bool Machine::gather_arguments(TypeRef signature, std::vector<Word>& arguments) {
  const Type& s = types[signature];
  unsigned stack_words;
  const std::vector<Place> places = places_of(signature, stack_words);
  if (rsp_ + 8 * stack_words > frames_.back().entry)
    return wrong("stack arguments outside the frame");
  for (size_t i = 0; i < s.list.size(); i++) {
    Word w;
    switch (places[i].where) {
    case Place::Where::General: w = reg_[argument_registers[places[i].number]]; break;
    case Place::Where::Xmm: w = number(xmm_[places[i].number].low); break;
    case Place::Where::Stack: w = stack_at(rsp_ + 8 * places[i].number); break;
    }
    if (std::string why = heap.inhabits(w, s.list[i]); !why.empty())
      return wrong("argument " + std::to_string(i + 1) + " of type " + types.name(s.list[i]) + ": " + why);
    arguments.push_back(heap.seen_as(w, s.list[i]));
  }
  if (const tal::SigFact* f = broken(s.pre, arguments))
    return wrong("arguments that break " + tal::print_fact(*f, false));
  return true;
}

Wide Machine::fact_operand(tal::SigFact::Of of, uint8_t number, const std::vector<Word>& words) {
  switch (of) {
  case tal::SigFact::Of::Zero: return 0;
  case tal::SigFact::Of::Value: return static_cast<int64_t>(words[number].bits);
  case tal::SigFact::Of::Length: return static_cast<Wide>(heap[words[number].id].length());
  }
  return 0;
}

const tal::SigFact* Machine::broken(const std::vector<tal::SigFact>& facts, const std::vector<Word>& words) {
  for (const tal::SigFact& f : facts)
    if (fact_operand(f.x_of, f.x, words) - fact_operand(f.y_of, f.y, words) > f.c)
      return &f;
  return nullptr;
}

bool Machine::leave_frame(const char* how) {
  const Frame& f = frames_.back();
  if (rsp_ != f.entry)
    return wrong(std::string(how) + " with " + std::to_string(f.entry - rsp_) + " bytes in the frame");
  if (stack_at(rsp_).tag != Tag::Return || stack_at(rsp_).id != f.id)
    return wrong(std::string(how) + " to " + describe(stack_at(rsp_)));
  for (uint8_t r : kept)
    if (reg_[r].tag != Tag::Token || reg_[r].id != f.id || reg_[r].aux != r)
      return wrong(std::string(how) + " with a callee-saved register that holds " + describe(reg_[r]));
  return true;
}

void Machine::after_call(const Word& result, unsigned stack_arguments) {
  for (uint8_t r : lost)
    reg_[r] = junk();
  for (unsigned i = 0; i < stack_arguments; i++)
    stack_at(rsp_ + 8 * i) = junk();
  for (Xmm& x : xmm_)
    x = {random.next(), random.next()};
  reg_[rax] = result;
  junk_flags();
}

bool Machine::return_from_function() {
  if (!leave_frame("a return"))
    return false;
  const Frame f = frames_.back();
  std::vector<TypeRef> signatures = f.promised;
  signatures.push_back(f.signature);
  for (TypeRef s : signatures) {
    const Type& t = types[s];
    if (t.noret)
      return wrong("a return from a function that does not return");
    if (t.result == 0)
      continue;
    Word result = result_of(s);
    if (std::string why = heap.inhabits(result, t.result); !why.empty())
      return wrong("a result of type " + types.name(t.result) + ": " + why);
    if (const tal::SigFact* broken_fact = broken(t.post, {heap.seen_as(result, t.result)}))
      return wrong("a result that breaks " + tal::print_fact(*broken_fact, true));
  }
  const Type& outer = types[signatures.front()];
  Word result = outer.result == 0 ? junk() : heap.seen_as(result_of(signatures.front()), outer.result);
  bool in_xmm = outer.result != 0 && is_float(outer.result);
  for (size_t i = 0; i < 6; i++)
    reg_[kept[i]] = f.saved[i];
  frames_.pop_back();
  if (!frames_.empty() && !f.base) {
    rsp_ = f.entry + 8;
    pc_ = f.return_to;
  }
  after_call(in_xmm && !f.base ? junk() : result, f.base ? 0 : f.stack_arguments);
  if (in_xmm)
    xmm_[0].low = result.bits;
  return true;
}

// What the checker would write down about the call at pc_.
tal_record Machine::derive_record() {
  const Frame& f = frames_.back();
  tal_record record{f.call_return, static_cast<uint16_t>(f.entry - rsp_), 0, TAL_NO_PAD, 0, {}};
  for (const tal::EhRange& r : modules[f.module]->file.annotations.eh)
    if (pc_ >= r.start && pc_ < r.end)
      record.pad = r.pad;
  for (size_t i = 0; i < 6; i++) {
    auto holds_it = [&](const Word& w) { return w.tag == Tag::Token && w.id == f.id && w.aux == kept[i]; };
    record.saved[i] = TAL_LOST;
    for (uint64_t a = rsp_; a < f.entry; a += 8)
      if (holds_it(stack_at(a)))
        record.saved[i] = static_cast<int16_t>(-static_cast<int64_t>((f.entry - a) / 8));
    for (uint8_t r : kept)
      if (holds_it(reg_[r]))
        record.saved[i] = r;
  }
  return record;
}

// What the checker wrote down about this call agrees with what is.
bool Machine::check_record(bool throws) {
  Frame& f = frames_.back();
  const tal_record derived = derive_record();
  if (has_records) {
    const tal_record* record = modules[f.module]->record(f.call_return);
    if (record == nullptr)
      return wrong("a call or trap without unwind record");
    if (record->frame != derived.frame)
      return wrong("the unwind record has frame " + std::to_string(record->frame));
    if (record->pad != derived.pad)
      return wrong("the unwind record has another landing pad than the exception ranges");
    f.record = *record;
  } else {
    f.record = derived;
  }
  for (size_t i = 0; i < 6; i++) {
    int16_t where = f.record.saved[i];
    if (where == TAL_LOST) {
      if (throws)
        return wrong("a call that may throw has lost a callee-saved register");
      continue;
    }
    Word* w = location(where >= 0 ? where : tal::slot_location(where));
    if (w == nullptr || w->tag != Tag::Token || w->id != f.id || w->aux != kept[i])
      return wrong("the unwind record has a callee-saved register in a place that holds something else");
  }
  return true;
}

// An exception leaves the call that the newest frame is in.
bool Machine::throw_from_call() {
  for (;;) {
    Frame& f = frames_.back();
    const tal_record* record = &f.record;
    if (std::string why = heap.inhabits(exception, types.exn()); !why.empty())
      return wrong("the exception raised is " + why);
    if (record->pad != TAL_NO_PAD) {
      rsp_ = f.entry - record->frame;
      for (uint8_t r : lost)
        reg_[r] = junk();
      reg_[rax] = exception;
      junk_flags();
      exception = {};
      pc_ = record->pad;
      return true;
    }
    if (!types[f.signature].throws)
      return wrong("an exception leaves a function that does not throw");
    for (TypeRef s : f.promised)
      if (!types[s].throws)
        return wrong("an exception leaves a function that does not throw");
    for (size_t i = 0; i < 6; i++) {
      Word* w = record->saved[i] == TAL_LOST ? nullptr : location(record->saved[i] >= 0 ? record->saved[i] : tal::slot_location(record->saved[i]));
      if (w == nullptr || w->tag != Tag::Token || w->id != f.id || w->aux != kept[i])
        return wrong("unwinding does not find a callee-saved register");
    }
    for (size_t i = 0; i < 6; i++)
      reg_[kept[i]] = f.saved[i];
    bool base = f.base;
    rsp_ = f.entry + 8;
    unsigned stack_arguments = f.stack_arguments;
    frames_.pop_back();
    if (base)
      return true; // call() sees that exception is set
    for (unsigned i = 0; i < stack_arguments; i++)
      stack_at(rsp_ + 8 * i) = junk();
  }
}

// ---- calls ---------------------------------------------------------------------------------------------------------

bool Machine::finish_native(Outcome outcome) {
  return outcome == Outcome::Returned || (outcome == Outcome::Thrown && throw_from_call());
}

bool Machine::call_code(uint32_t code) {
  const Closure c = closures_[code];
  const Type signature = types[c.signature];
  std::vector<Word> arguments;
  if (!signature.vars.empty())
    return wrong("a call of a function without all its type arguments");
  if (rsp_ % 16 != 0)
    return wrong("the stack is not aligned at a call");
  if (!gather_arguments(c.signature, arguments) || !check_record(signature.throws))
    return false;
  if (c.module != UINT32_MAX) {
    uint32_t return_to = frames_.back().call_return;
    if (!push({}) || !enter(code, arguments, false))
      return false;
    frames_.back().return_to = return_to;
    return true;
  }
  Word result = junk();
  unsigned stack_arguments;
  places_of(c.signature, stack_arguments);
  const size_t held = held_.size();
  held_.insert(held_.end(), arguments.begin(), arguments.end());
  Outcome outcome = world.call(*this, c, arguments, result);
  held_.resize(held);
  if (outcome == Outcome::Thrown && !signature.throws)
    return wrong("a native throws that must not"); // the world's fault
  if (outcome == Outcome::Returned) {
    if (signature.noret)
      return wrong("a native returns that must not");
    bool in_xmm = signature.result != 0 && is_float(signature.result);
    after_call(signature.result == 0 || in_xmm ? junk() : heap.seen_as(result, signature.result), stack_arguments);
    if (in_xmm)
      xmm_[0].low = result.bits;
    pc_ = frames_.back().call_return;
  }
  return finish_native(outcome);
}

Outcome Machine::raise_native(const std::string& name) {
  uint32_t id = heap.new_packet(), exn = exception_name(name);
  Object& o = heap[id];
  heap.write_raw(o, 0, 8, heap.pointer(exn));
  o.name = exn;
  o.missing.clear();
  exception = heap.pointer(id);
  return Outcome::Thrown;
}

bool Machine::call_special(tal::Special special) {
  using tal::Special;
  if (rsp_ % 16 != 0)
    return wrong("the stack is not aligned at a call");
  if (!check_record(true))
    return false;
  const Word first = reg_[rdi];
  Word result = junk();
  Outcome outcome = Outcome::Returned;
  std::string name = special == Special::RaiseNull     ? "NullPointer"
                     : special == Special::RaiseBounds ? "ArrayBounds"
                     : special == Special::RaiseDiv    ? "DivideByZero"
                                                       : "UnionVariant";
  switch (special) {
  case Special::None: return wrong("a call of nothing");
  case Special::New: {
    if (first.tag != Tag::Desc ||
        (types[first.id].sort != Sort::Ptr && types[first.id].sort != Sort::Exn && types[first.id].sort != Sort::Union))
      return wrong("allocation by " + describe(first));
    safepoint({});
    if (world.out_of_memory(*this)) {
      outcome = raise_native("OutOfMemory");
      break;
    }
    if (types[first.id].sort != Sort::Exn && types.layout(types[first.id].target) == 0)
      return wrong("allocation of an object without layout");
    if (types[first.id].sort == Sort::Union)
      result = heap.pointer(heap.new_variant(types[first.id].target));
    else
      result = heap.pointer(types[first.id].sort == Sort::Exn ? heap.new_packet() : heap.new_struct(types[first.id].target));
    break;
  }
  case Special::NewArray: {
    if (first.tag != Tag::Desc || types[first.id].sort != Sort::Arr)
      return wrong("allocation of an array by " + describe(first));
    TypeRef arr = types.nonnull(first.id), element = types[arr].target;
    Word n = reg_[rsi], value = reg_[rdx];
    if (!n.is_value())
      return wrong("the length of an array is " + describe(n));
    if (std::string why = is_float(element) || n.is_null() ? "" : heap.inhabits(value, element); !why.empty())
      return wrong("the first element of type " + types.name(element) + ": " + why);
    safepoint({});
    if (n.bits > longest_array || world.out_of_memory(*this)) {
      outcome = raise_native("OutOfMemory");
      break;
    }
    uint32_t id = heap.new_array(arr, n.bits);
    Object& o = heap[id];
    unsigned width = types.width(element);
    for (uint64_t i = 0; i < n.bits; i++)
      heap.write_raw(o, 8 + i * width, width, heap.seen_as(value, element));
    result = heap.pointer(id);
    break;
  }
  case Special::Raise:
    if (std::string why = heap.inhabits(first, types.exn()); !why.empty())
      return wrong("raise of " + why);
    exception = first;
    outcome = Outcome::Thrown;
    break;
  case Special::RaiseNull:
  case Special::RaiseBounds:
  case Special::RaiseDiv:
  case Special::RaiseVariant: outcome = raise_native(name); break;
  case Special::Update: {
    Closure update;
    update.name = "Dsu::update_point";
    outcome = world.call(*this, update, {}, result);
    result = junk();
    break;
  }
  }
  if (outcome == Outcome::Returned) {
    after_call(result, 0);
    pc_ = frames_.back().call_return;
  }
  return finish_native(outcome);
}

// An access through null, of which nothing has happened yet: NullPointer is raised as if the instruction were a call.
bool Machine::trap(const Instruction& inst) {
  trapped_ = false;
  Frame& f = frames_.back();
  f.call_return = pc_ + inst.length;
  if (!has_records || inst.row->op == Op::CallInd || inst.row->op == Op::Push || inst.row->op == Op::Pop || inst.base == none || inst.index != none)
    return wrong("memory reached through null");
  if (!check_record(true))
    return false;
  if (has_records && f.record.trap != inst.length)
    return wrong("memory reached through null where no trap is recorded");
  return finish_native(raise_native("NullPointer"));
}

bool Machine::call_instruction(const Instruction& inst, bool indirect) {
  Frame& f = frames_.back();
  Module& m = *modules[f.module];
  f.call_return = pc_ + inst.length;
  if (indirect) {
    Word target;
    if (inst.memory ? !load(inst, 8, target) : (target = reg_[inst.rm], false))
      return trapped_ && trap(inst);
    if (target.tag != Tag::Code)
      return wrong("a call of " + describe(target));
    EnvRef more;
    type_arguments(pc_, more);
    if (more != 0 && (target.id = instance(target.id, more)) == 0)
      return wrong("a call of " + describe(target) + " with type arguments that do not fit");
    return call_code(target.id);
  }
  int32_t r = m.reloc_at[pc_ + inst.field];
  if (r < 0)
    return wrong("a call without relocation");
  const tal::Reloc& reloc = m.file.image.text_relocs[static_cast<size_t>(r)];
  const tal::Symbol& symbol = m.symbol(reloc.symbol);
  if (symbol.kind != tal::SymbolKind::Function || reloc.addend != -4)
    return wrong("a call into the middle of something");
  if (symbol.scope == tal::Scope::Native && tal::special_entry(symbol.name) != tal::Special::None)
    return call_special(tal::special_entry(symbol.name));
  EnvRef env;
  bool ok;
  type_arguments(pc_, env);
  Word target = symbol_address_in(f.module, reloc.symbol, env, ok);
  if (!ok || target.tag != Tag::Code)
    return wrong("a call of `" + symbol.name + "` with type arguments that do not fit");
  return call_code(target.id);
}

bool Machine::tail_call(uint32_t symbol) {
  EnvRef env;
  bool ok;
  type_arguments(pc_, env);
  uint32_t module = frames_.back().module;
  Word target = symbol_address_in(module, symbol, env, ok);
  if (!ok || target.tag != Tag::Code)
    return wrong("a tail call of something else");
  const Closure c = closures_[target.id];
  if (!types[c.signature].vars.empty())
    return wrong("a tail call of a function without all its type arguments");
  if (!leave_frame("a tail call"))
    return false;
  unsigned stack_words;
  places_of(c.signature, stack_words);
  if (frames_.back().stack_arguments != 0 || stack_words != 0)
    return wrong("a tail call with stack arguments");
  std::vector<Word> arguments;
  if (!gather_arguments(c.signature, arguments))
    return false;
  frames_.back().promised.push_back(frames_.back().signature);
  if (frames_.back().promised.size() > 8) // the same few functions in turn
    frames_.back().promised.erase(frames_.back().promised.begin() + 1);
  if (c.module != UINT32_MAX)
    return enter(target.id, arguments, true);
  // A native does the work of the frame and returns for it.
  frames_.back().signature = c.signature;
  Word result = junk();
  Outcome outcome = world.call(*this, c, arguments, result);
  if (outcome == Outcome::Stopped)
    return false;
  if (outcome == Outcome::Returned) {
    reg_[rax] = result;
    xmm_[0].low = result.bits;
    return return_from_function();
  }
  tal_record& record = frames_.back().record;
  record.pad = TAL_NO_PAD;
  for (size_t i = 0; i < 6; i++)
    record.saved[i] = kept[i];
  return throw_from_call();
}

// Through a register, which holds a place in the code of this function; fetch() sees whether an instruction starts there.
bool Machine::jump_to_register(const Instruction& inst) {
  if (inst.rm == rsp || reg_[inst.rm].tag != Tag::Text || reg_[inst.rm].id != frames_.back().module)
    return wrong("a jump to " + describe(inst.rm == rsp ? junk() : reg_[inst.rm]));
  if (reg_[inst.rm].bits > UINT32_MAX)
    return wrong("a jump out of the module");
  pc_ = static_cast<uint32_t>(reg_[inst.rm].bits);
  return true;
}

bool Machine::jump(const Instruction& inst) {
  const Module& m = *modules[frames_.back().module];
  if (inst.row->op == Op::Jmp && inst.field != 0)
    if (int32_t r = m.reloc_at[pc_ + inst.field]; r >= 0)
      return tail_call(m.file.image.text_relocs[static_cast<size_t>(r)].symbol);
  bool taken = inst.row->op == Op::Jmp || holds(inst.condition);
  pc_ += inst.length + (taken ? static_cast<uint32_t>(inst.immediate) : 0);
  return true;
}

// ---- the operand of rip --------------------------------------------------------------------------------------------

bool Machine::rip_operand(const Instruction& inst, Word& pointer, uint64_t& offset, bool address) {
  if (frames_.empty())
    return wrong("an address outside any module");
  const Frame& f = frames_.back();
  const Module& m = *modules[f.module];
  int32_t r = m.reloc_at[pc_ + inst.field];
  if (r < 0 && address) { // a place in the code
    offset = 0;
    pointer = {pc_ + inst.length + static_cast<uint64_t>(int64_t{inst.displacement}), f.module, Tag::Text, 0};
    return true;
  }
  if (r < 0)
    return wrong("an operand of rip without relocation");
  const tal::Reloc& reloc = m.file.image.text_relocs[static_cast<size_t>(r)];
  EnvRef env = f.env;
  bool ok;
  if (m.symbol(reloc.symbol).kind == tal::SymbolKind::Function)
    type_arguments(pc_, env);
  pointer = symbol_address_in(f.module, reloc.symbol, env, ok);
  if (!ok)
    return stop.why == Stop::Why::Nothing ? wrong("an address with type arguments that do not fit") : false;
  offset = static_cast<uint64_t>(reloc.addend + (inst.length - inst.field));
  return true;
}

// ---- running -------------------------------------------------------------------------------------------------------

bool Machine::step() {
  if (++steps > step_limit) {
    limit("steps");
    return false;
  }
  Instruction inst;
  if (!fetch(inst))
    return false;
  if (checks_claims) {
    const Module& m = *modules[frames_.back().module];
    if (int32_t l = m.label_at[pc_]; l >= 0 && !arrive_at_label(m.file.annotations.labels[static_cast<size_t>(l)]))
      return false;
  }
  if (after_step)
    after_step(*this);
  switch (inst.row->op) {
  case Op::Mov:
    if (inst.row->form == Form::RG && inst.bytes() == 8) {
      const Module& m = *modules[frames_.back().module];
      if (int32_t record = m.inst_at[pc_]; record >= 0) {
        if (!typed_move(inst, m.file.annotations.insts[static_cast<size_t>(record)]))
          return false;
        pc_ += inst.length;
        return true;
      }
    }
    break;
  case Op::Jcc:
  case Op::Jmp: return jump(inst);
  case Op::JmpTable: return jump_to_register(inst);
  case Op::Call: return call_instruction(inst, false);
  case Op::CallInd: return call_instruction(inst, true);
  case Op::Ret: return return_from_function();
  default: break;
  }
  if (!execute(inst))
    return trapped_ && trap(inst);
  pc_ += inst.length;
  return true;
}

Outcome Machine::run(size_t base) {
  while (frames_.size() > base)
    if (!step())
      return Outcome::Stopped;
  return exception.tag == Tag::Undef ? Outcome::Returned : Outcome::Thrown;
}

Outcome Machine::call(uint32_t code, const std::vector<Word>& arguments, Word& result) {
  if (stop.why != Stop::Why::Nothing)
    return Outcome::Stopped;
  const Closure c = closures_[code];
  if (c.module == UINT32_MAX)
    return world.call(*this, c, arguments, result);
  if (++nesting_ > 20) {
    nesting_--;
    return limit("calls back");
  }
  // A frame of the world below: some junk, arguments, and registers that must come back.
  const auto registers = reg_;
  const size_t held = held_.size();
  held_.insert(held_.end(), registers.begin(), registers.end());
  held_.insert(held_.end(), arguments.begin(), arguments.end());
  const uint64_t stack = rsp_;
  const uint32_t pc = pc_;
  unsigned extra;
  places_of(c.signature, extra);
  uint64_t to = ((rsp_ - 8 * extra) & ~uint64_t{15}) - 8; // aligned before the return address is pushed
  size_t words = (stack_top - to) / 8 + 1;
  Outcome outcome = Outcome::Stopped;
  if (words > max_stack_words) {
    limit("stack");
  } else {
    if (words >= stack_.size())
      stack_.resize(2 * words);
    for (uint64_t a = to; a < rsp_; a += 8)
      stack_at(a) = junk();
    for (uint8_t r : kept)
      reg_[r] = number(random.next());
    rsp_ = to;
    exception = {};
    size_t base = frames_.size();
    if (enter(code, arguments, false)) {
      frames_.back().base = true;
      outcome = run(base);
    }
  }
  result = reg_[rax];
  if (outcome == Outcome::Thrown)
    result = junk();
  if (stop.why == Stop::Why::Nothing) {
    reg_ = registers;
    rsp_ = stack;
    pc_ = pc;
  }
  held_.resize(held);
  nesting_--;
  return outcome;
}

} // namespace talsim
