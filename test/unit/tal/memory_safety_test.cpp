// Accepted code keeps its hands off what is not its own: random functions over structs, arrays and nullable pointers grow by one
// instruction at a time as long as the checker accepts them, and run natively on small object graphs. Afterwards every pointer field
// must still hold an object of its type, lengths and read-only fields must be as they were, canonical slots canonical, and
// nothing between the objects may have changed. A fault is a failure as well.
//
// A fixed seed makes the run repeatable. TAL_MEMORY_TRIALS and TAL_MEMORY_SEED in the environment ask for more.
#include "object_builder.h"

#include "tal/decoder.h"

#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <csetjmp>
#include <csignal>
#include <ucontext.h>
#include <cstdlib>
#include <random>

using namespace tal;
using namespace tal::test;

namespace {

constexpr uint8_t pool[] = {rax, rcx, rdx, rsi, rdi, r8, r9, r10, r11};
constexpr unsigned frame_slots = 5; // with the return address, calls are aligned
constexpr size_t page_size = 8192;
constexpr uint32_t stubs = 7168;     // where the page has the code of the functions that are called

sigjmp_buf fault;
const uint8_t* running = nullptr;               // the code
const std::vector<tal_record>* records = nullptr; // the checker's, of that code
// Near address 0 at an instruction that the checker has recorded as a trap site: an exception.
void on_fault(int, siginfo_t* info, void* context) {
  const auto* pc = reinterpret_cast<const uint8_t*>(static_cast<ucontext_t*>(context)->uc_mcontext.gregs[REG_RIP]);
  const bool recorded = std::any_of(records->begin(), records->end(),
                                    [&](const tal_record& r) { return r.trap != 0 && pc == running + r.return_offset - r.trap; });
  siglongjmp(fault, recorded && reinterpret_cast<uint64_t>(info->si_addr) < 4096 ? 2 : 1);
}
void raise_exception() { siglongjmp(fault, 2); }

// type S = {0: i64; 8: ptr? S; 16: i32; 20: i8 ro; 24: arr i32; 32: i8 slot; 40: ptr S ro; 48: arr ptr? S}
struct Node {
  uint64_t number;
  Node* next;
  uint32_t small;
  uint8_t fixed;
  uint8_t padding[3];
  uint64_t* numbers; // length, then i32 elements
  uint64_t slot;
  Node* self;
  uint64_t* nodes; // length, then pointers
};
static_assert(sizeof(Node) == 56);

class Heap {
public:
  static constexpr unsigned node_count = 3, array_count = 2, max_new = 6;
  explicit Heap(std::mt19937_64& random) : random_(random) {
    memory_ = static_cast<uint8_t*>(mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  }
  ~Heap() { munmap(memory_, size); }
  Heap(const Heap&) = delete;
  Heap& operator=(const Heap&) = delete;

  Node* node(unsigned i) { return reinterpret_cast<Node*>(memory_ + 64 + 128 * i); }
  uint64_t* numbers(unsigned i) { return reinterpret_cast<uint64_t*>(memory_ + 1024 + 128 * i); }
  uint64_t* bytes(unsigned i) { return reinterpret_cast<uint64_t*>(memory_ + 1536 + 128 * i); }
  uint64_t* nodes(unsigned i) { return reinterpret_cast<uint64_t*>(memory_ + 2048 + 128 * i); }
  Node* new_node(unsigned i) { return reinterpret_cast<Node*>(memory_ + 2560 + 128 * i); }
  uint64_t* new_array(unsigned i) { return reinterpret_cast<uint64_t*>(memory_ + 3328 + 64 * i); }
  Node* maybe_node() { return random_() % 3 == 0 ? nullptr : node(random_() % node_count); }

  void fill() {
    std::memset(memory_, 0xA5, size);
    for (unsigned i = 0; i < array_count; i++) {
      numbers(i)[0] = random_() % 5;
      bytes(i)[0] = random_() % 9;
      nodes(i)[0] = random_() % 4;
      for (unsigned k = 0; k < nodes(i)[0]; k++)
        nodes(i)[1 + k] = reinterpret_cast<uint64_t>(maybe_node());
    }
    for (unsigned i = 0; i < node_count; i++)
      *node(i) = {random_(), maybe_node(), static_cast<uint32_t>(random_()), static_cast<uint8_t>(random_()), {0xA5, 0xA5, 0xA5},
                  numbers(random_() % array_count), random_() % 256, node(random_() % node_count), nodes(random_() % array_count)};
    std::memcpy(before_.data(), memory_, size);
    new_nodes_ = new_arrays_ = 0;
  }
  // What the called functions do.
  Node* allocate() {
    if (new_nodes_ == max_new)
      raise_exception();
    Node* n = new_node(new_nodes_++);
    std::memset(n, 0, sizeof *n);
    remember(n, sizeof *n);
    return n;
  }
  uint64_t* allocate_array(int64_t length, Node* element) {
    if (new_arrays_ == max_new || length < 0 || length > 6)
      raise_exception();
    uint64_t* a = new_array(new_arrays_++);
    a[0] = static_cast<uint64_t>(length);
    for (int64_t i = 0; i < length; i++)
      a[1 + i] = reinterpret_cast<uint64_t>(element);
    remember(a, 8 + 8 * static_cast<size_t>(length));
    return a;
  }
  // "" or what is wrong. Repairs nothing.
  std::string check() {
    std::array<uint8_t, size> after;
    std::memcpy(after.data(), memory_, size);
    for (unsigned i = 0; i < node_count + new_nodes_; i++) {
      const bool is_new = i >= node_count;
      Node* n = is_new ? new_node(i - node_count) : node(i);
      if (n->next != nullptr && !is_node(n->next))
        return "the nullable pointer holds something else";
      if (n->numbers != numbers(0) && n->numbers != numbers(1) && !(is_new && n->numbers == nullptr))
        return "the array field holds something else";
      if (!is_nodes(n->nodes) && !(is_new && n->nodes == nullptr))
        return "the array of nodes holds something else";
      if (n->slot > 255)
        return "the slot is not canonical";
      if (is_new && n->self != nullptr && !is_node(n->self))
        return "the pointer holds something else";
      if (is_new) {
        forget(after, &n->fixed, 1);
        forget(after, &n->self, 8);
      }
      forget(after, n, 20);                             // number, next, small
      forget(after, &n->numbers, 16);                   // numbers, slot
      forget(after, &n->nodes, 8);
    }
    for (unsigned i = 0; i < array_count + new_arrays_; i++) {
      uint64_t* elements = i < array_count ? nodes(i) : new_array(i - array_count);
      for (unsigned k = 0; k < original(elements); k++)
        if (elements[1 + k] != 0 && !is_node(reinterpret_cast<Node*>(elements[1 + k])))
          return "an element holds something else";
      forget(after, elements + 1, 8 * original(elements));
    }
    for (unsigned i = 0; i < array_count; i++) {
      forget(after, numbers(i) + 1, 4 * original(numbers(i)));
      forget(after, bytes(i) + 1, original(bytes(i)));
    }
    return after == before_ ? "" : "a length, a read-only field or memory of no object has changed";
  }
  unsigned allocated() const { return new_nodes_ + new_arrays_; }

private:
  static constexpr size_t size = 4096;
  // An object that is being built is none yet.
  bool is_node(const Node* p) {
    for (unsigned i = 0; i < new_nodes_; i++)
      if (p == new_node(i))
        return p->numbers != nullptr && p->self != nullptr && p->nodes != nullptr;
    return p == node(0) || p == node(1) || p == node(2);
  }
  bool is_nodes(const uint64_t* p) {
    for (unsigned i = 0; i < new_arrays_; i++)
      if (p == new_array(i))
        return true;
    return p == nodes(0) || p == nodes(1);
  }
  void remember(const void* at, size_t bytes) {
    std::memcpy(before_.data() + (static_cast<const uint8_t*>(at) - memory_), at, bytes);
  }
  uint64_t original(const uint64_t* p) const {
    uint64_t v;
    std::memcpy(&v, before_.data() + (reinterpret_cast<const uint8_t*>(p) - memory_), 8);
    return v;
  }
  void forget(std::array<uint8_t, size>& after, const void* at, size_t bytes) {
    auto offset = static_cast<size_t>(static_cast<const uint8_t*>(at) - memory_);
    std::memcpy(after.data() + offset, before_.data() + offset, bytes);
  }

  std::mt19937_64& random_;
  uint8_t* memory_;
  std::array<uint8_t, size> before_{};
  unsigned new_nodes_ = 0, new_arrays_ = 0;
};

// ---- functions that the code calls ---------------------------------------------------------------------------------

Heap* heap_of_calls = nullptr;
Node* called(Node* node, int64_t number) {
  if (number == 7)
    raise_exception();
  return node != nullptr && number % 2 == 0 ? node : heap_of_calls->node(static_cast<uint64_t>(number) % Heap::node_count);
}
Node* allocate_node(const void*) { return heap_of_calls->allocate(); }
uint64_t* allocate_nodes(const void*, int64_t length, Node* element) { return heap_of_calls->allocate_array(length, element); }

enum Callee : uint32_t { call_function = 1, call_new, call_new_array, first_descriptor }; // symbols; function f is 0

// Calls the function and leaves nothing in the registers that a call destroys.
void write_stub(uint8_t* page, Callee callee, uint64_t address) {
  Bytes code{0x48, 0x83, 0xEC, 0x08, 0x48, 0xB8};
  for (unsigned i = 0; i < 8; i++)
    code.push_back(static_cast<uint8_t>(address >> (8 * i)));
  for (uint8_t b : {0xFF, 0xD0, 0x48, 0x83, 0xC4, 0x08})
    code.push_back(b);
  for (uint8_t r : pool)
    if (r != rax) // mov r, -12345
      for (uint8_t b : {static_cast<uint8_t>(0x48 | r >> 3), uint8_t{0xC7}, static_cast<uint8_t>(0xC0 | (r & 7)), uint8_t{0xC7}, uint8_t{0xCF}, uint8_t{0xFF}, uint8_t{0xFF}})
        code.push_back(b);
  code.push_back(0xC3);
  std::memcpy(page + stubs + 128 * callee, code.data(), code.size());
}

class Program {
public:
  explicit Program(std::mt19937_64& random) : random_(random) {
    code_ = {0x48, 0x83, 0xEC, 8 * frame_slots,                                    // sub rsp, 40
             0x48, 0x89, 0xF8, 0x49, 0x89, 0xF2, 0x49, 0x89, 0xCB};                // mov rax, rdi; mov r10, rsi; mov r11, rcx
    static constexpr uint8_t spilled[frame_slots] = {rsi, rdi, rdx, rdi, rcx};
    for (unsigned s = 0; s < frame_slots; s++)
      spill(spilled[s], s);
  }

  // Tries some instructions; keeps those that the checker accepts.
  void grow(unsigned attempts) {
    for (unsigned i = 0; i < attempts; i++) {
      Bytes code = code_;
      auto fields = to_fail_;
      auto calls = calls_;
      auto joins = joins_;
      append();
      if (rule() != "") {
        code_ = std::move(code);
        to_fail_ = std::move(fields);
        calls_ = std::move(calls);
        joins_ = std::move(joins);
      }
    }
  }
  std::string rule() {
    ObjectBuilder b;
    TypeTable& t = b.types();
    NamedId id = t.declare("S", {});
    TypeId s = t.named(id), nullable = t.ptr(s, true);
    auto rw = Mutability::ReadWrite, ro = Mutability::ReadOnly;
    EXPECT_TRUE(t.define(id, t.struct_layout({{0, t.i64(), rw, false}, {8, nullable, rw, false}, {16, t.i32(), rw, false},
                                              {20, t.i8(), ro, false}, {24, t.arr(t.i32()), rw, false}, {32, t.i8(), rw, true},
                                              {40, t.ptr(s), ro, false}, {48, t.arr(nullable), rw, false}})));
    text = finished();
    uint32_t start = b.function("f", b.sig({t.ptr(s), nullable, t.arr(t.i32()), t.i64(), t.i32(), t.arr(t.i8(), rw, true)}), text);
    b.symbol({"M::g", SymbolKind::Function, Scope::Import, Section::None, 0, 0, b.sig({nullable, t.i64()}, t.ptr(s))});
    b.symbol({"__tal_new", SymbolKind::Function, Scope::Native, Section::None, 0, 0, no_type});
    b.symbol({"__tal_newarray", SymbolKind::Function, Scope::Native, Section::None, 0, 0, no_type});
    b.symbol({"d.S", SymbolKind::Desc, Scope::Import, Section::None, 0, 0, t.ptr(s)});
    b.symbol({"d.nodes", SymbolKind::Desc, Scope::Import, Section::None, 0, 0, t.arr(nullable)});
    for (auto [offset, symbol] : calls_)
      b.image.text_relocs.push_back({start + offset, RelocKind::Pc32, symbol, -4});
    const TypeId types[] = {t.i64(), t.i32(), t.ptr(s), nullable, t.arr(t.i32()), t.arr(nullable), t.arr(t.i8(), rw, true)};
    for (const Join& join : joins_)
      b.a.labels.push_back(join.record(start, types));
    LabelRecord fail;
    fail.offset = start + static_cast<uint32_t>(text.size()) - 5;
    fail.depth = 8 * frame_slots;
    b.a.labels.push_back(fail);
    std::string refused_by = b.rule();
    trap_records = b.records;
    for (tal_record& r : trap_records)
      r.return_offset -= start;
    return refused_by;
  }
  std::string dump() const {
    std::string out;
    for (size_t at = 0; at < text.size();) {
      Inst inst;
      if (!decode({text.data() + at, text.size() - at}, inst))
        return out + "?";
      out += print(inst, static_cast<uint32_t>(at)) + "\n";
      at += inst.length;
    }
    return out;
  }

  size_t joins() const { return joins_.size(); }
  // Addresses of elements at a variable index that something is reached through at once.
  size_t element_pointers() const {
    size_t count = 0;
    Inst inst, next;
    for (size_t at = 0; at < text.size() && decode({text.data() + at, text.size() - at}, inst); at += inst.length)
      if (size_t after = at + inst.length; inst.row().rule == Rule::Lea && inst.index != no_reg && decode({text.data() + after, text.size() - after}, next))
        count += next.row().rule == Rule::Mov && next.base == inst.reg && next.index == no_reg;
    return count;
  }
  // The code as it runs on a page: with its calls.
  Bytes linked() const {
    Bytes out = text;
    for (auto [offset, symbol] : calls_)
      if (symbol < first_descriptor) { // nobody looks at a descriptor
        uint32_t distance = stubs + 128 * symbol - (offset + 4);
        std::memcpy(&out[offset], &distance, 4);
      }
    return out;
  }

  Bytes text;
  std::vector<tal_record> trap_records; // of calls too; offsets are those in `text`

private:
  enum TypeIndex : uint8_t { type_i64, type_i32, type_node, type_nullable, type_numbers, type_nodes, type_bytes };
  // Where two ways meet: what is claimed to be there.
  struct Join {
    uint32_t offset = 0;
    std::vector<std::pair<int32_t, TypeIndex>> live; // ascending location
    std::vector<std::pair<uint16_t, uint16_t>> same;
    std::vector<Fact> facts;

    LabelRecord record(uint32_t start, std::span<const TypeId> types) const {
      LabelRecord r;
      r.offset = start + offset;
      r.depth = 8 * frame_slots;
      for (auto [location, type] : live)
        r.live.push_back({location, {LocationType::What::Type, types[type], 0}});
      r.same = same;
      r.facts = facts;
      return r;
    }
  };

  uint64_t below(uint64_t n) { return random_() % n; }
  uint8_t any() { return pool[below(std::size(pool))]; }
  uint8_t any_number() { // arithmetic seldom hits the registers that start with pointers, or there would soon be none
    static constexpr uint8_t numbers[] = {rax, rcx, r8, r11};
    return below(60) ? numbers[below(std::size(numbers))] : any();
  }

  Bytes finished() const {
    Bytes out = code_;
    for (unsigned b : {0x48u, 0x83u, 0xC4u, 8 * frame_slots, 0xC3u, 0x48u, 0x83u, 0xC4u, 8 * frame_slots, 0xC3u}) // add rsp, 40; ret, twice: the end, and .fail
      out.push_back(static_cast<uint8_t>(b));
    for (uint32_t at : to_fail_) {
      auto distance = static_cast<uint32_t>(out.size() - 5 - (at + 4));
      std::memcpy(&out[at], &distance, 4);
    }
    return out;
  }

  void put(std::initializer_list<unsigned> bytes) {
    for (unsigned b : bytes)
      code_.push_back(static_cast<uint8_t>(b));
  }
  void spill(uint8_t r, unsigned slot) { put({0x48u | r >> 3 << 2, 0x89, 0x44u | (r & 7u) << 3, 0x24, 8 * slot}); }
  void reload(uint8_t r, unsigned slot) { put({0x48u | r >> 3 << 2, 0x8B, 0x44u | (r & 7u) << 3, 0x24, 8 * slot}); }
  unsigned any_slot() { return static_cast<unsigned>(below(frame_slots)); }
  void link(uint32_t symbol) {
    calls_.push_back({static_cast<uint32_t>(code_.size()), symbol});
    put({0, 0, 0, 0});
  }
  void call(Callee callee) {
    put({0xE8});
    link(callee);
  }
  // The call of a function with what was in slots, and its result in one.
  void call_with_result() {
    below(4) ? reload(rdi, any_slot()) : between_pointers(0x89);
    below(2) ? reload(rsi, any_slot()) : put({0xBE, static_cast<unsigned>(below(12)), 0, 0, 0});
    call(call_function);
    finish(1);
  }
  void new_array() {
    below(4) ? put({0xBE, static_cast<unsigned>(below(8)), 0, 0, 0}) : reload(rsi, 4);
    below(4) ? reload(rdx, any_slot()) : put({0x31, 0xD2});
    put({0x48, 0x8D, 0x3D});
    link(first_descriptor + 1);
    call(call_new_array);
    finish(2);
  }
  // Goes on with some registers filled again.
  void finish(unsigned spills) {
    while (spills-- != 0)
      spill(rax, any_slot());
    for (uint8_t r : {rdi, rsi, rdx, r9, r10, rcx, r8})
      if (below(4))
        reload(r, r == rcx || r == r8 ? 4 : any_slot());
  }
  // An object, built in any order, now and then not to the end or with a value of another field.
  void new_object() {
    put({0x48, 0x8D, 0x3D});
    link(first_descriptor);
    call(call_new);
    reload(r10, 1 + 2 * static_cast<unsigned>(below(2)));
    unsigned fields[] = {20, 24, 40, 48, 8};
    std::shuffle(std::begin(fields), std::end(fields), random_);
    unsigned done = below(3) ? 5 : static_cast<unsigned>(below(6));
    for (unsigned i = 0; i < done; i++) {
      unsigned from = below(12) ? fields[i] : 40;
      if (fields[i] == 20) {
        put({0xC6, 0x40, 20, static_cast<unsigned>(below(256))}); // mov byte [rax + 20], ..
      } else {
        put({0x49, 0x8B, 0x52, from});      // mov rdx, [r10 + ..]
        put({0x48, 0x89, 0x50, fields[i]}); // mov [rax + ..], rdx
      }
    }
    if (below(2))
      put({0x49, 0x89, 0x42, 8}); // mov [r10 + 8], rax
    finish(static_cast<unsigned>(1 + below(2)));
  }
  // A branch over some instructions, and a label record where the ways meet: mostly of what was in the places in the beginning.
  void join() {
    put({0x0F, 0x80u + static_cast<unsigned>(below(16))});
    const size_t field = code_.size();
    put({0, 0, 0, 0});
    for (uint64_t n = 1 + below(4); n != 0; n--)
      append();
    const auto distance = static_cast<uint32_t>(code_.size() - (field + 4));
    std::memcpy(&code_[field], &distance, 4);
    if (!joins_.empty() && joins_.back().offset == code_.size())
      return;
    Join j;
    j.offset = static_cast<uint32_t>(code_.size());
    static constexpr TypeIndex at_first[16] = {type_node, type_i64, type_numbers, type_i64, type_i64, type_i64, type_nullable, type_node,
                                               type_i32, type_bytes, type_nullable, type_i64, type_i64, type_i64, type_i64, type_i64};
    static constexpr TypeIndex spilled[frame_slots] = {type_nullable, type_node, type_numbers, type_node, type_i64};
    joins_.push_back(j);
    if (rule() != "")
      return;
    for (uint8_t r : pool)
      if (below(3) == 0)
        try_live(r, at_first[r]);
    for (unsigned i = 0; i < frame_slots; i++)
      if (below(8))
        try_live(slot_location(static_cast<int32_t>(i) - static_cast<int32_t>(frame_slots)), spilled[i]);
    for (int i = 0; i < 12; i++) {
      Join before = joins_.back();
      claim(joins_.back());
      if (rule() != "")
        joins_.back() = before;
    }
    use_claims(Join(joins_.back()));
    finish(0);
  }
  // Stores where only the claims of the label let it: at an index, through the second name of a pointer that was tested.
  void use_claims(const Join& j) {
    for (const Fact& f : j.facts)
      if (f.y.what == FactOperand::What::Length && f.x.what == FactOperand::What::Value)
        try_use([&] {
          const auto [array, type] = j.live[f.y.at];
          fetch(rcx, j.live[f.x.at].first);
          fetch(r10, array);
          if (type == type_numbers)
            put({0x41, 0xC7, 0x44, 0x8A, 8, 1, 0, 0, 0}); // mov dword [r10 + 4*rcx + 8], 1
          else if (type == type_nodes)
            put({0x49, 0xC7, 0x44, 0xCA, 8, 0, 0, 0, 0}); // mov qword [r10 + 8*rcx + 8], 0
          else
            put({0x41, 0xC6, 0x44, 0x0A, 8, 1}); // mov byte [r10 + rcx + 8], 1
        });
    for (auto [a, b] : j.same)
      if (j.live[a].second == type_nullable)
        try_use([&, first = j.live[a].first, second = j.live[b].first] {
          fetch(r9, first);
          fetch(r10, second);
          put({0x4D, 0x85, 0xC9}); // test r9, r9
          branch(4);
          put({0x41, 0xC7, 0x42, 16, 1, 0, 0, 0}); // mov dword [r10 + 16], 1
        });
  }
  void fetch(uint8_t r, int32_t location) {
    if (is_slot(location))
      reload(r, static_cast<unsigned>(location - slot_base + static_cast<int32_t>(frame_slots)));
    else
      put({0x48u | static_cast<unsigned>(location) >> 3 << 2 | r >> 3, 0x89, 0xC0u | (static_cast<unsigned>(location) & 7u) << 3 | (r & 7u)});
  }
  template <typename Write> void try_use(Write write) {
    const Bytes code = code_;
    const auto fields = to_fail_;
    write();
    if (rule() != "") {
      code_ = code;
      to_fail_ = fields;
    }
  }
  // The first of some types that the checker believes.
  void try_live(int32_t location, TypeIndex likely) {
    for (int i = 0; i < 3; i++) {
      joins_.back().live.push_back({location, any_type(i == 0 ? likely : static_cast<TypeIndex>(below(type_bytes + 1)))});
      if (rule() == "")
        return;
      joins_.back().live.pop_back();
    }
  }
  TypeIndex any_type(TypeIndex likely) {
    if (likely == type_node && below(3) == 0)
      return type_nullable;
    return below(25) ? likely : static_cast<TypeIndex>(below(type_bytes + 1));
  }
  // Now and then that two are one value, or that a number is an index of an array.
  void claim(Join& j) {
    if (j.live.size() < 2)
      return;
    auto a = static_cast<uint16_t>(below(j.live.size())), b = static_cast<uint16_t>(below(j.live.size()));
    if (a < b && j.live[a].second == j.live[b].second)
      j.same.push_back({a, b});
    auto number = static_cast<uint16_t>(below(j.live.size())), array = static_cast<uint16_t>(below(j.live.size()));
    if (j.live[number].second <= type_i32 && j.live[array].second >= type_numbers) {
      j.facts.push_back({{FactOperand::What::Value, number}, {FactOperand::What::Length, array}, -1});
      if (j.live[number].second == type_i64 && below(2))
        j.facts.push_back({{}, {FactOperand::What::Value, number}, 0});
    }
  }
  uint8_t any_pointer() {
    static constexpr uint8_t pointers[] = {rdi, rsi, rdx, r9, r10};
    return below(30) ? pointers[below(std::size(pointers))] : any();
  }
  // mov or xchg of two registers that hold pointers, as long as they do.
  void between_pointers(unsigned opcode) {
    uint8_t a = any_pointer(), b = any_pointer();
    put({0x48u | b >> 3 << 2 | a >> 3, opcode, 0xC0u | (b & 7u) << 3 | (a & 7u)});
  }
  // [66] REX opcode ModRM and what follows; memory: [base + disp], [base + index*scale + disp] or a stack slot.
  void instruction(unsigned size, std::initializer_list<unsigned> opcode, uint8_t reg, bool memory, unsigned rm_size, bool number = false) {
    uint8_t rm = memory ? any_pointer() : number ? any_number() : any(), index = any_number();
    bool slot = memory && below(5) == 0, indexed = memory && !slot && below(2);
    unsigned rex = (size == 8 ? 8 : 0) | reg >> 3 << 2 | (indexed ? index >> 3 << 1 : 0) | (slot ? 0 : rm >> 3);
    if (size == 2)
      put({0x66});
    bool byte_register = size == 1 || rm_size == 1;
    if (rex != 0 || (byte_register && (reg >= 4 || (!memory && rm >= 4))))
      put({0x40 | rex});
    put(opcode);
    static constexpr uint8_t offsets[] = {0, 8, 16, 20, 24, 32, 40, 48, 7, 12, 36, 56, 9, 10};
    uint8_t offset = below(3) ? offsets[below(std::size(offsets))] : 0;
    if (!memory)
      put({0xC0u | (reg & 7u) << 3 | (rm & 7u)});
    else if (slot)
      put({0x44u | (reg & 7u) << 3, 0x24, static_cast<unsigned>(8 * below(frame_slots) + (below(4) ? 0 : below(8)))});
    else if (indexed)
      put({0x44u | (reg & 7u) << 3, static_cast<unsigned>(below(4) << 6 | (index & 7u) << 3 | (rm & 7u)), below(5) ? 8u : static_cast<unsigned>(below(20))});
    else
      put({0x40u | (reg & 7u) << 3 | (rm & 7u), offset});
  }
  void branch(unsigned condition) {
    put({0x0F, 0x80 + condition});
    to_fail_.push_back(static_cast<uint32_t>(code_.size()));
    put({0, 0, 0, 0});
  }
  void test_and_branch() { // mostly what lets a pointer go on that is not null
    uint8_t r = any();
    put({0x48u | (r >> 3) * 5u, 0x85, 0xC0u | (r & 7u) * 9u});
    branch(below(3) ? 4 : static_cast<unsigned>(below(16)));
  }
  void compare_and_branch() { // mostly what lets an index go on that is below a length
    static constexpr uint8_t above[] = {3, 13, 7, 15};
    bool wide = below(2), memory = below(2);
    instruction(wide ? 8 : 4, {0x3B}, any_number(), memory, 8, true);
    branch(below(3) ? above[below(4)] : static_cast<unsigned>(below(16)));
  }
  unsigned any_size() { return 1u << below(4); }
  // The address of a field or element, and mostly something stored there or loaded from there.
  void pointer_to_place(unsigned size) {
    const uint8_t r = any_pointer(), v = any();
    if (to_fail_.size() < 6 && below(2)) { // of an element, mostly after the test of its index
      const uint8_t array = any_pointer(), index = any_number();
      put({0x48u | index >> 3 << 2 | array >> 3, 0x3B, 0x40u | (index & 7u) << 3 | (array & 7u), 0});
      branch(below(4) ? 3 : static_cast<unsigned>(below(16)));
      put({0x48u | r >> 3 << 2 | index >> 3 << 1 | array >> 3, 0x8D, 0x44u | (r & 7u) << 3,
           static_cast<unsigned>(below(4) << 6 | (index & 7u) << 3 | (array & 7u)), below(5) ? 8u : static_cast<unsigned>(below(20))});
    } else {
      instruction(8, {0x8D}, r, true, 8);
    }
    if (below(4) == 0)
      return;
    if (size == 2)
      put({0x66});
    put({0x40u | (size == 8 ? 8u : 0u) | v >> 3 << 2 | r >> 3, (below(3) ? 0x88u : 0x8Au) + (size == 1 ? 0 : 1), 0x40u | (v & 7u) << 3 | (r & 7u), 0});
  }

  void append() {
    unsigned size = any_size(), byte = size == 1 ? 0 : 1;
    switch (below(26)) {
    case 24:
    case 25: pointer_to_place(size); break;
    case 23:
      if (joins_.size() >= 5 || in_join_)
        return append();
      in_join_ = true;
      join();
      in_join_ = false;
      break;
    case 20:
    case 21:
    case 22: // each takes the contents of the registers away
      if (calls_.size() >= 16)
        return append();
      below(3) == 0 ? call_with_result() : below(2) ? new_object() : new_array();
      break;
    case 0: below(3) ? between_pointers(0x89) : instruction(4, {0x89}, any(), false, 8, true); break; // mov
    case 7:
    case 8:
    case 9:
    case 10: // more branches would lead all runs away before the end
      if (to_fail_.size() >= 6)
        return append();
      below(2) ? test_and_branch() : compare_and_branch();
      break;
    case 1:
    case 2:
    case 16:
    case 17: instruction(8, {0x8B}, any_pointer(), true, 8); break; // load
    case 3: instruction(size, {0x8A + byte}, any_number(), true, size); break;
    case 4:
    case 5:
    case 6:
    case 18: instruction(size, {0x88 + byte}, any(), true, size); break; // store
    case 19: instruction(4, {0x8B}, any_number(), true, 4); break;                      // a length, an index
    case 11: instruction(4, {0x0F, below(2) ? 0xB6u : 0xB7u}, any_number(), below(2), 4); break; // movzx
    case 12: instruction(below(2) ? 4 : 8, {0x0F, 0x40u + static_cast<unsigned>(below(16))}, any_number(), below(3) == 0, 8); break;
    case 13: instruction(below(2) ? 4 : 8, {0x83}, static_cast<uint8_t>(below(8)), below(4) == 0, 8, true), put({static_cast<unsigned>(below(3) ? below(9) : below(256))}); break;
    case 14: instruction(below(2) ? 4 : 8, {0x31}, any(), false, 8, true); break; // xor
    default: below(3) ? instruction(below(2) ? 4 : 8, {0x01u}, any(), false, 8, true) : between_pointers(0x87);
    }
  }

  std::mt19937_64& random_;
  Bytes code_;
  std::vector<uint32_t> to_fail_;
  std::vector<Join> joins_;
  bool in_join_ = false;
  std::vector<std::pair<uint32_t, uint32_t>> calls_; // offset of a field, symbol
};

uint64_t setting(const char* variable, uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

using Function = void (*)(Node*, Node*, uint64_t*, uint64_t, uint64_t, uint64_t*);

// 0: it returned, 1: a fault, 2: it raised an exception. A function of its own, so that no variable lives across the jump back.
[[gnu::noinline]] int run_guarded(Function function, Node* node, Node* maybe, uint64_t* numbers, uint64_t length, uint64_t word,
                                  uint64_t* bytes) {
  const int thrown = sigsetjmp(fault, 1);
  if (thrown == 0)
    function(node, maybe, numbers, length, word, bytes);
  return thrown;
}

TEST(MemorySafety, AcceptedCodeKeepsToItsObjects) {
  struct sigaction action {}, old_segv, old_bus;
  action.sa_sigaction = on_fault;
  action.sa_flags = SA_NODEFER | SA_SIGINFO;
  sigaction(SIGSEGV, &action, &old_segv);
  sigaction(SIGBUS, &action, &old_bus);
  auto* page = static_cast<uint8_t*>(mmap(nullptr, page_size, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  std::mt19937_64 random(setting("TAL_MEMORY_SEED", 1));
  Heap heap(random);
  heap_of_calls = &heap;
  write_stub(page, call_function, reinterpret_cast<uint64_t>(&called));
  write_stub(page, call_new, reinterpret_cast<uint64_t>(&allocate_node));
  write_stub(page, call_new_array, reinterpret_cast<uint64_t>(&allocate_nodes));
  uint64_t trials = setting("TAL_MEMORY_TRIALS", 150), instructions = 0, allocated = 0, joins = 0, element_pointers = 0;
  for (uint64_t i = 0; i < trials; i++) {
    Program program(random);
    program.grow(250);
    ASSERT_EQ(program.rule(), "");
    instructions += program.text.size();
    joins += program.joins();
    element_pointers += program.element_pointers();
    ASSERT_LT(program.text.size(), stubs);
    Bytes linked = program.linked();
    std::memcpy(page, linked.data(), linked.size());
    running = page;
    records = &program.trap_records;
    auto function = reinterpret_cast<Function>(reinterpret_cast<uintptr_t>(page));
    for (int run = 0; run < 30; run++) {
      heap.fill();
      uint64_t number = random() % 2 ? random() % 12 : random() >> (random() % 64);
      Node *node = heap.node(random() % 3), *maybe = heap.maybe_node();
      uint64_t* numbers = heap.numbers(random() % 2);
      auto word = static_cast<uint32_t>(random() >> (random() % 64));
      uint64_t* bytes = random() % 3 == 0 ? nullptr : heap.bytes(random() % 2);
      const int thrown = run_guarded(function, node, maybe, numbers, number - random() % 2, word, bytes);
      if (thrown == 1)
        FAIL() << "a fault in trial " << i << "\n" << program.dump();
      if (thrown == 2) { // an exception leaves the same order behind
        ASSERT_EQ(heap.check(), "") << "trial " << i << ", an exception\n" << program.dump();
        continue;
      }
      ASSERT_EQ(heap.check(), "") << "trial " << i << "\n" << program.dump();
      allocated += heap.allocated();
    }
  }
  EXPECT_GT(joins, trials) << "few label records are accepted";
  EXPECT_GT(element_pointers, trials / 30) << "few pointers to elements are accepted";
  EXPECT_GT(allocated, trials) << "the functions do not allocate";
  EXPECT_GT(instructions / trials, 100u) << "the functions are too short to mean anything";
  munmap(page, page_size);
  sigaction(SIGSEGV, &old_segv, nullptr);
  sigaction(SIGBUS, &old_bus, nullptr);
}

} // namespace
