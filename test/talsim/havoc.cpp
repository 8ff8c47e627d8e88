#include "havoc.h"

#include <algorithm>

namespace talsim {
namespace {

constexpr unsigned default_depth = 4;

} // namespace

uint64_t Havoc::integer(unsigned bytes) {
  static constexpr uint64_t corners[] = {0, 1, 2, 3, 4, 5, 7, 8, 255, 256, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0x100000000,
                                         0x7FFFFFFFFFFFFFFF, 0x8000000000000000, ~uint64_t{0}, ~uint64_t{1}};
  uint64_t mask = bytes == 8 ? ~uint64_t{0} : (uint64_t{1} << 8 * bytes) - 1;
  switch (random_.below(4)) {
  case 0: return corners[random_.below(std::size(corners))] & mask;
  case 1: return random_.next() & mask;
  default: return random_.below(8) & mask; // what indexes and counts are
  }
}

// An object that is there already.
// A field or element of the object.
bool Havoc::some_place(Machine& m, uint32_t id, FieldType& place) {
  const Object& o = m.heap[id];
  if (o.shape == Object::Shape::Struct && !m.types[o.layout].fields.empty()) {
    const auto& fields = m.types[o.layout].fields;
    place = fields[random_.below(fields.size())];
    return true;
  }
  if (o.shape != Object::Shape::Array || o.length() == 0)
    return false;
  const Type& arr = m.types[o.type];
  unsigned width = m.types.width(arr.target);
  place = {static_cast<uint32_t>(8 + width * random_.below(o.length())), width, arr.target, arr.writable, false};
  return true;
}

bool Havoc::existing(Machine& m, TypeRef type, Word& value) {
  size_t n = m.heap.size();
  if (n <= 1)
    return false;
  size_t start = random_.below(n - 1);
  for (size_t i = 0; i < std::min<size_t>(n - 1, 200); i++) {
    auto id = static_cast<uint32_t>(1 + (start + i) % (n - 1));
    if (m.heap[id].dead || !m.heap[id].complete())
      continue;
    FieldType place;
    const uint64_t offset = random_.one_in(2) && some_place(m, id, place) ? place.offset : 0;
    Word w = m.heap.pointer(id, offset);
    if (m.heap.inhabits(w, type).empty()) {
      value = w;
      return true;
    }
  }
  return false;
}

bool Havoc::make_code(Machine& m, TypeRef signature, Word& value) {
  std::vector<uint32_t> fitting;
  for (uint32_t k = 0; k < m.modules.size(); k++) {
    const auto& a = m.modules[k]->file.annotations;
    for (uint32_t s = 0; s < a.symbols.size() && fitting.size() < 16; s++)
      if (a.symbols[s].section == tal::Section::Text)
        if (uint32_t c = m.closure(k, s, 0); c != 0 && m.types.signature_at_most(m.closure_of(c).signature, signature))
          fitting.push_back(c);
  }
  uint32_t id = fitting.empty() || random_.one_in(3) ? m.world_closure("?", signature) : fitting[random_.below(fitting.size())];
  value = m.code_word(id);
  return true;
}

bool Havoc::make_object(Machine& m, const Type& word, unsigned depth, Word& value) {
  switch (word.sort) {
  case Sort::Ptr: {
    TypeRef layout = m.types.layout(word.target);
    if (layout == 0) {
      value = m.heap.pointer(m.heap.new_opaque(word.target));
      return true;
    }
    if (const auto& fields = m.types[layout].fields; fields.size() == 1 && fields[0].writable && random_.one_in(2)) {
      // An element of an array, which is as good.
      const TypeRef array = m.types.array(fields[0].type, true), pointer = m.types.pointer_to(false, word.target);
      FieldType place;
      if (make_object(m, Type(m.types[array]), depth, value) && some_place(m, value.id, place)) {
        value.bits += place.offset;
        if (m.heap.inhabits(value, pointer).empty())
          return true;
      }
    }
    uint32_t id = m.heap.new_struct(word.target);
    m.heap[id].missing.clear(); // its own fields may point at it
    value = m.heap.pointer(id);
    for (const FieldType& f : std::vector<FieldType>(m.types[layout].fields)) {
      Word w;
      if (!make(m, f.type, depth - 1, w)) {
        m.heap[id].dead = true;
        return false;
      }
      m.heap.write_raw(m.heap[id], f.offset, f.bytes, m.heap.seen_as(w, f.type));
    }
    return true;
  }
  case Sort::Arr: {
    Type arr = word;
    uint64_t length = depth <= 1 ? 0 : random_.below(6);
    TypeRef element = word.target;
    std::vector<Word> elements(length);
    for (Word& w : elements)
      if (!make(m, element, depth - 1, w)) {
        elements.clear();
        break;
      }
    TypeRef arr_type = m.types.array(element, word.writable);
    uint32_t id = m.heap.new_array(arr_type, elements.size());
    unsigned width = m.types.width(element);
    for (size_t i = 0; i < elements.size(); i++)
      m.heap.write_raw(m.heap[id], 8 + i * width, width, m.heap.seen_as(elements[i], element));
    value = m.heap.pointer(id);
    return true;
  }
  case Sort::Union: {
    TypeRef cases = m.types.layout(word.target);
    if (cases == 0)
      return false;
    const Type variants = m.types[cases];
    if (variants.end > variants.number && (variants.list.empty() || random_.one_in(2))) {
      value = number(variants.number + random_.below(variants.end - variants.number));
      return true;
    }
    if (variants.list.empty())
      return false;
    uint64_t tag = random_.below(variants.list.size());
    Word payload;
    if (!make(m, variants.list[tag], depth - 1, payload))
      return false;
    uint32_t id = m.heap.new_variant(word.target);
    m.heap.write_raw(m.heap[id], 0, 8, number(tag));
    m.heap.write_raw(m.heap[id], 8, 8, m.heap.seen_as(payload, variants.list[tag]));
    m.heap[id].missing.clear();
    value = m.heap.pointer(id);
    return true;
  }
  case Sort::Exn: {
    static constexpr const char* builtin[] = {"NullPointer", "ArrayBounds", "DivideByZero", "OutOfMemory", "Core::InvalidArg"};
    std::vector<uint32_t> names;
    for (const char* name : builtin)
      names.push_back(m.exception_name(name));
    for (uint32_t k = 0; k < m.modules.size(); k++)
      for (uint32_t s = 0; s < m.modules[k]->file.annotations.symbols.size(); s++)
        if (m.modules[k]->symbol(s).kind == tal::SymbolKind::ExnName)
          names.push_back(m.symbol_address(k, s).id);
    uint32_t name = names[random_.below(names.size())];
    uint32_t id = m.heap.new_packet();
    TypeRef payload = m.types[m.heap[name].type].target;
    Word w = number(0);
    if (payload != 0 && !make(m, payload, depth - 1, w))
      return false;
    m.heap.write_raw(m.heap[id], 0, 8, m.heap.pointer(name));
    m.heap.write_raw(m.heap[id], 8, 8, payload == 0 ? w : m.heap.seen_as(w, payload));
    m.heap[id].name = name;
    m.heap[id].missing.clear();
    value = m.heap.pointer(id);
    return true;
  }
  case Sort::Rep: value = m.representation(m.types.rep(word.target)); return true;
  case Sort::ExnName:
    value = m.heap.pointer(m.heap.new_name(m.types.exn_name(word.target)));
    return true;
  default: return false;
  }
}

bool Havoc::make(Machine& m, TypeRef type, unsigned depth, Word& value) {
  const Type t = m.types[type];
  if (t.sort >= Sort::I8 && t.sort <= Sort::F64) {
    value = number(integer(m.types.width(type)));
    return true;
  }
  if (t.nullable && (depth == 0 || random_.one_in(4))) {
    value = number(0);
    return true;
  }
  if (t.sort == Sort::Fn)
    return make_code(m, t.target, value);
  if (m.types.is_package(type)) {
    std::vector<TypeRef> hidden;
    for (tal::Kind k : m.types.hidden_kinds(type))
      hidden.push_back(random_type(m, k));
    TypeRef content = m.types.content(type, hidden);
    Word inside;
    if (content == 0 || depth == 0 || !make(m, content, depth - 1, inside))
      return false;
    value = m.heap.pack(type, hidden, m.heap.seen_as(inside, content));
    return true;
  }
  if (t.sort == Sort::Named) { // abstract
    tal::Kind kind = m.types.kind_of(type);
    if (kind == tal::Kind::P) {
      value = m.heap.pointer(m.heap.new_opaque(type));
      return true;
    }
    value = number(integer(kind == tal::Kind::W1 ? 1 : kind == tal::Kind::W2 ? 2 : kind == tal::Kind::W4 ? 4 : 8));
    return kind != tal::Kind::None;
  }
  if ((depth == 0 || !random_.one_in(3)) && existing(m, type, value))
    return true;
  if (depth == 0 && t.sort == Sort::Union) { // a constant, if there is one
    TypeRef cases = m.types.layout(t.target);
    value = number(cases == 0 ? 0 : m.types[cases].number);
    return m.types.is_constant_of(type, value.bits);
  }
  return depth != 0 && make_object(m, t, depth, value);
}

Word Havoc::initial(Machine& m, TypeRef type, const std::string&) {
  Word w = number(0);
  if (!make(m, type, default_depth, w))
    m.limit("no value for a variable that is defined elsewhere");
  return w;
}

// What another function might do meanwhile.
void Havoc::write_something(Machine& m) {
  if (m.heap.size() <= 1)
    return;
  auto id = static_cast<uint32_t>(1 + random_.below(m.heap.size() - 1));
  auto usable = [&] {
    const Object& o = m.heap[id];
    return !o.dead && !o.frozen && o.complete() && (o.shape == Object::Shape::Struct || o.shape == Object::Shape::Array);
  };
  if (!usable())
    return;
  FieldType f;
  Word w;
  if (some_place(m, id, f) && f.writable && make(m, f.type, 2, w) && usable())
    m.heap.write_raw(m.heap[id], f.offset, f.bytes, m.heap.seen_as(w, f.type));
}

// Numbers are moved to where a condition has them, a few times over. False if that does not help.
bool Havoc::keep(Machine& m, const std::vector<tal::SigFact>& facts, const std::vector<TypeRef>& types, std::vector<Word>& words) {
  for (int i = 0; i < 32; i++) {
    const tal::SigFact* f = m.broken(facts, words);
    if (f == nullptr)
      break;
    const Wide x = m.fact_operand(f->x_of, f->x, words), y = m.fact_operand(f->y_of, f->y, words);
    const bool moves_x = f->x_of == tal::SigFact::Of::Value && (f->y_of != tal::SigFact::Of::Value || random_.one_in(2));
    if (!moves_x && f->y_of != tal::SigFact::Of::Value)
      return false;
    words[moves_x ? f->x : f->y] = number(static_cast<uint64_t>(moves_x ? y + f->c : x - f->c));
  }
  for (size_t i = 0; i < words.size(); i++)
    if (!m.heap.inhabits(words[i], types[i]).empty())
      return false;
  return m.broken(facts, words) == nullptr;
}

Outcome Havoc::call(Machine& m, const Closure& f, const std::vector<Word>& arguments, Word& result) {
  m.safepoint(arguments);
  const Type signature = m.types[f.signature];
  for (uint64_t n = random_.below(3); n != 0; n--)
    write_something(m);
  // Call back.
  for (const Word& w : arguments)
    if (w.tag == Tag::Code && calls_back_ < 40 && !random_.one_in(3)) {
      calls_back_++;
      std::vector<TypeRef> variables;
      for (tal::Kind k : std::vector<tal::Kind>(m.types[m.closure_of(w.id).signature].vars))
        variables.push_back(random_type(m, k));
      const uint32_t code = m.instance(w.id, m.types.environment(variables));
      if (code == 0)
        continue;
      const Type callee = m.types[m.closure_of(code).signature];
      if (callee.throws && !signature.throws)
        continue;
      std::vector<Word> values;
      bool ok = true;
      for (TypeRef t : callee.list) {
        ok = ok && make(m, t, 2, values.emplace_back());
      }
      ok = ok && (callee.pre.empty() || keep(m, callee.pre, callee.list, values));
      Word answer;
      if (!ok)
        continue;
      Outcome outcome = m.call(code, values, answer);
      if (outcome != Outcome::Returned)
        return outcome;
    }
  if (f.signature == 0)
    return Outcome::Returned; // an update point
  if (signature.throws && (signature.noret || random_.one_in(8))) {
    if (!make(m, m.types.exn(), default_depth, m.exception))
      return m.limit("no exception to raise");
    return Outcome::Thrown;
  }
  if (signature.noret) {
    m.stop.why = Stop::Why::Exit;
    return Outcome::Stopped;
  }
  if (signature.result != 0 && !make(m, signature.result, default_depth, result))
    return m.limit("no value of type " + m.types.name(signature.result));
  if (std::vector<Word> values{result}; !signature.post.empty()) {
    if (!keep(m, signature.post, {signature.result}, values))
      return m.limit("no result as in " + m.types.name(f.signature));
    result = values[0];
  }
  return Outcome::Returned;
}

TypeRef Havoc::random_type(Machine& m, tal::Kind kind) {
  std::vector<TypeRef> fitting;
  for (TypeRef t = 1; t < m.types.size(); t++)
    if (Types::fits(m.types.kind_of(t), kind) && m.types.is_closed(t))
      fitting.push_back(t);
  if (kind == tal::Kind::P || kind == tal::Kind::W || kind == tal::Kind::W8)
    fitting.push_back(m.types.array(m.types.integer(1), true));
  return fitting.empty() ? 0 : fitting[random_.below(fitting.size())];
}

bool Havoc::run(Machine& m, uint32_t module, uint32_t symbol, Outcome& outcome) {
  const auto& a = m.modules[module]->file.annotations;
  std::vector<TypeRef> variables;
  for (tal::Kind k : a.types.sig(a.symbols[symbol].type).vars) {
    variables.push_back(random_type(m, k));
    if (variables.back() == 0)
      return false;
  }
  uint32_t code = m.closure(module, symbol, m.types.environment(variables));
  if (code == 0)
    return false;
  std::vector<Word> arguments;
  const Type signature = m.types[m.closure_of(code).signature];
  for (TypeRef t : signature.list)
    if (!make(m, t, default_depth, arguments.emplace_back()))
      return false;
  if (!signature.pre.empty() && !keep(m, signature.pre, signature.list, arguments))
    return false;
  if (m.stop.why != Stop::Why::Nothing)
    return false;
  Word result;
  outcome = m.call(code, arguments, result);
  m.exception = {};
  return true;
}

} // namespace talsim
