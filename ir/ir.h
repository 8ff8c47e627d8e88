// The intermediate representation: a module of functions in SSA form with block parameters, typed with source types.
//
// Who uses it: lowering (ir/lower.h) builds it from the typed AST, the passes of ir/opt change it, codegen reads it.
// Operations and their meaning are in ir.def. The text form is written by ir/printer.h and read by ir/parser.h.
// What must hold is listed at the head of ir/verifier.h.
//
// Everything is an array indexed by a typed id; ids of one function or module are dense and stay valid while it lives.
// Removing an instruction takes it out of its block's list, its row stays behind unused.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "frontend/types.h"
#include "support/source.h"

namespace ir {

using support::SourceLoc;

// A dense index of one table. Default-constructed: "none".
template <typename Tag> struct Id {
  uint32_t value = UINT32_MAX;
  constexpr bool is_valid() const { return value != UINT32_MAX; }
  friend constexpr bool operator==(Id, Id) = default;
  friend constexpr auto operator<=>(Id, Id) = default;
};
using ValueId = Id<struct ValueTag>;
using InstId = Id<struct InstTag>;
using BlockId = Id<struct BlockTag>;
using FuncId = Id<struct FuncTag>;
using GlobalId = Id<struct GlobalTag>;
using ExceptionId = Id<struct ExceptionTag>;
using DataId = Id<struct DataTag>;

enum class Op : uint8_t {
#define OP(name, text, operands, result, attribute, flags) name,
#include "ir/ir.def"
};

enum class ResultRule : uint8_t { None, Same, Bool, NonNull, Stated, StatedOrNone };
enum class Attribute : uint8_t { NoAttr, Int, Real, Field, Func, Global, Data, Exception, TypeArgs, FuncTypeArgs, Targets };

namespace flags {
inline constexpr uint16_t Pure = 1, Reads = 2, Writes = 4, Alloc = 8, Throws = 16, Term = 32, Commutes = 64, Guarded = 128;
}

// One row of ir.def.
struct OpInfo {
  const char* text;
  const char* operands;
  ResultRule result;
  Attribute attribute;
  uint16_t flags;
};
const OpInfo& info(Op op);
size_t op_count();
inline bool is_terminator(Op op) { return info(op).flags & flags::Term; }
inline bool may_throw(Op op) { return info(op).flags & flags::Throws; }
inline bool is_comparison(Op op) { return op >= Op::Eq && op <= Op::FGe; }
inline bool is_pure(Op op) { return info(op).flags & flags::Pure; }

// A source type. `nonnull` is set only on values of a nullable type that are known not to be null;
// types that are never null leave it false, so that equal types have equal representations.
struct Type {
  frontend::TypeId id;
  bool nonnull = false;
  friend bool operator==(const Type&, const Type&) = default;
};

// A control-flow edge: the target's parameters receive the arguments in order. On an unwind edge the target's first
// parameter receives the exception and the arguments follow.
struct Edge {
  BlockId target;
  std::vector<ValueId> args;
};

struct Inst {
  Op op = Op::Unreachable;
  BlockId block;
  SourceLoc loc;
  ValueId result;                            // none: no result
  std::vector<ValueId> operands;
  int64_t imm = 0;                           // Int: the value as the source type reads it; Real: bits of the double
                                             // (of the equal one, for a float); Field: the index
  uint32_t symbol = UINT32_MAX;              // Func, Global, Data, Exception: the id's value
  std::vector<frontend::TypeId> type_args;   // Func with type arguments, TypeArgs
  std::vector<Edge> targets;                 // Targets; br_if: then, else; switch: one per key, then the default
  std::vector<int64_t> keys;                 // switch

  FuncId func() const { return {symbol}; }
  GlobalId global() const { return {symbol}; }
  DataId data() const { return {symbol}; }
  ExceptionId exception() const { return {symbol}; }
};

struct Block {
  std::vector<ValueId> params;
  std::vector<InstId> insts;                 // the last one is the terminator
  Edge unwind;                               // target none: exceptions leave the function.
                                             // Otherwise only the last instruction before the terminator may throw.
  bool has_unwind() const { return unwind.target.is_valid(); }
};

// A value is the result of an instruction or a block parameter (def none).
struct Value {
  Type type;
  InstId def;
  BlockId block;
  uint32_t param_index = 0;
};

// "f.w4" for "f" at these widths, "f" if there are none.
std::string entry_name(std::string_view function, std::span<const uint8_t> widths);
// May an import of one name be satisfied by a function of the other: the same, or one that does not depend on some of the widths?
bool entry_serves(std::string_view function, std::string_view import);
// "f" for "f.w4".
inline std::string_view base_name(std::string_view entry) { return entry.substr(0, entry.find('.')); }

enum class Linkage : uint8_t { Public, Static, Import };

// Functions, imported ones (and natives) too: those have no blocks. A function whose code depends on the width of a type variable is
// there once for each width, named `f.w4`; `f.w.w4` where the first of two variables does not matter.
struct Function {
  std::string name;                          // qualified, "List::map"; static ones are unique within the module
  Linkage linkage = Linkage::Public;
  frontend::TypeId type;                     // the function type; polymorphic: binds its variables
  std::vector<std::string> type_params;      // names of the type variables: Var(0, i) in the types below and in the body
  std::vector<uint8_t> widths;               // empty, or per type variable: bytes of its values in arrays, 0 where the code does not depend on it
  std::vector<frontend::TypeId> param_types; // as seen inside the body
  frontend::TypeId return_type;
  std::vector<std::string> param_names;
  SourceLoc loc;

  // Body. blocks are numbered by creation; `order` is the layout: the entry first, exactly the blocks in use.
  // The parameters of the entry block are the parameters of the function.
  std::vector<Block> blocks;
  std::vector<Inst> insts;
  std::vector<Value> values;
  std::vector<BlockId> order;

  bool has_body() const { return !order.empty(); }
  void drop_body() {
    blocks = std::vector<Block>(); // `{}` would keep the memory
    insts = std::vector<Inst>();
    values = std::vector<Value>();
    order = std::vector<BlockId>();
  }
  BlockId entry() const { return order.front(); }
  Block& block(BlockId id) { return blocks[id.value]; }
  const Block& block(BlockId id) const { return blocks[id.value]; }
  Inst& inst(InstId id) { return insts[id.value]; }
  const Inst& inst(InstId id) const { return insts[id.value]; }
  Value& value(ValueId id) { return values[id.value]; }
  const Value& value(ValueId id) const { return values[id.value]; }
  Inst& terminator(BlockId id) { return inst(block(id).insts.back()); }
  const Inst& terminator(BlockId id) const { return inst(block(id).insts.back()); }
};

// A constant word of static data. Objects are a tree by way of Data references.
struct Constant {
  enum class Kind : uint8_t { Int, Real, Null, Data, Func, GlobalAddr, Case, Exception, Rep } kind = Kind::Int;
  int64_t imm = 0;                           // Int; Real: as in FConst; Case: the number of a union's case without payload
  uint32_t symbol = UINT32_MAX;
  std::vector<frontend::TypeId> type_args;   // Func; Rep: the type
  friend bool operator==(const Constant&, const Constant&) = default;
};

// A static, mutable object: string literal or aggregate of a global's initializer.
struct DataObject {
  enum class Kind : uint8_t { String, Array, Object, Exn, Variant } kind = Kind::String; // Object: struct or tuple; Variant: of a union
  frontend::TypeId type;
  std::string bytes;                         // String
  std::vector<Constant> elements;            // Array: elements; Object: fields; Exn: the payload, if any; Variant: the payload
  uint64_t length = 0;                       // Array: at least elements.size(); the rest are copies of the last element
  ExceptionId exception;                     // Exn
  uint32_t variant = 0;                      // Variant: the number of the case
};

struct Global {
  std::string name;
  Linkage linkage = Linkage::Public;
  frontend::TypeId type;
  Constant init;                             // not for imports
  SourceLoc loc;
};

struct Exception {
  std::string name;
  Linkage linkage = Linkage::Public;
  frontend::TypeId payload = frontend::kVoidType; // void: none
  SourceLoc loc;
};

struct Module {
  std::string name;
  frontend::TypeStore* types = nullptr;      // outlives the module
  std::vector<Function> functions;
  std::vector<Global> globals;
  std::vector<Exception> exceptions;         // built-in ones are imports
  std::vector<DataObject> data;
  bool updateable = false;                   // frames of its functions may be found by an update (popc -dsu)

  Function& function(FuncId id) { return functions[id.value]; }
  const Function& function(FuncId id) const { return functions[id.value]; }
  Global& global(GlobalId id) { return globals[id.value]; }
  const Global& global(GlobalId id) const { return globals[id.value]; }
  Exception& exception(ExceptionId id) { return exceptions[id.value]; }
  const Exception& exception(ExceptionId id) const { return exceptions[id.value]; }
  DataObject& data_object(DataId id) { return data[id.value]; }
  const DataObject& data_object(DataId id) const { return data[id.value]; }

  // Text to stderr, to be called from a debugger.
  void dump() const;
  void dump(FuncId id) const;
};

} // namespace ir
