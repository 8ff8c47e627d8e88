// The object file: ELF64 ET_REL with TAL annotations in `.tal.*` sections (docs/object-format.md).
//
// The structs below are the annotations as the compiler builds them and the checker reads them. tal/write/write.h makes the ELF
// file from its parts (compiler, assembler and tests use it), read_object is the checker's own span-checked reader
// (tal/object_reader.h).
//
// Offsets into text are from the start of .text. Every relocation names a symbol record by index.
#pragma once

#include "tal/bytes.h"
#include "tal/types.h"

namespace tal {

inline constexpr uint32_t format_version = 2;

// ---- symbols (.tal.sigs) -------------------------------------------------------------------------------------------

enum class SymbolKind : uint8_t {
  Function, // type: a signature
  Data,     // type: the type of the object's address: `ptr T` (non-null) or `arr t`; a global is `ptr {t rw @0}`
  ExnName,  // type: `exnname T`; an 8-byte object of zeros, aligned 8, in .data
  Desc,     // type: `ptr T`, `arr t` or `exn`: the descriptor, `rep t`: the representation that the linker makes; only named, never defined
};
enum class Scope : uint8_t {
  Static, // of this module only; a Data symbol may have an empty name (literals)
  Public, // exported
  Import, // from another module, at the type given here
  Native, // of the runtime; the type is the one of the native interface and `type` is no_type here
};
enum class Section : uint8_t { None, Text, RoData, Data, RelRo, Bss };  // RelRo: .data.rel.ro
std::string_view section_name(Section section);

struct Symbol {
  std::string name;     // qualified source name, "List::map"; runtime entry points: "__tal_new", ...
  SymbolKind kind = SymbolKind::Function;
  Scope scope = Scope::Static;
  Section section = Section::None;   // None unless defined here
  uint32_t offset = 0, size = 0;     // in that section, in bytes
  TypeId type;
};

// ---- label records (.tal.blocks) -----------------------------------------------------------------------------------

// A live location. Registers 0..15 (rax rcx rdx rbx rsp rbp rsi rdi r8..r15); slots are numbered from the entry value of
// rsp: slot s is the 8 bytes at entry_rsp + 8*s, so 0 is the return address, -1 the first word pushed, 1 the first
// stack argument. A register is location r, slot s is location `slot_base + s`.
inline constexpr int32_t slot_base = 1 << 16;
inline constexpr bool is_slot(int32_t location) { return location >= 16; }
inline constexpr int32_t slot_location(int32_t slot) { return slot_base + slot; }

struct LocationType {
  enum class What : uint8_t {
    Type,  // `type`: a word type
    Saved, // the entry value of callee-saved register `saved`
  };
  What what = What::Type;
  TypeId type;
  uint8_t saved = 0;
};

struct LiveLocation {
  int32_t location = 0;
  LocationType type;
};

// x - y <= c. An operand is zero, the value in live location `at` (an index into LabelRecord::live), or its length.
struct FactOperand {
  enum class What : uint8_t { Zero, Value, Length };
  What what = What::Zero;
  uint16_t at = 0;
};
struct Fact {
  FactOperand x, y;
  int64_t c = 0;
};

// The state at a label, in full (mode X). Locations that are not listed are junk. i8..i32 imply their interval.
struct LabelRecord {
  static constexpr size_t max_live = 16 + 256, max_facts = 64; // R52: registers and slots; facts

  uint32_t offset = 0;                                  // of the instruction, in .text
  uint32_t depth = 0;                                   // D: entry_rsp - rsp
  bool saved_in_place = true;                           // callee-saved registers that are not listed hold their own token
  std::vector<LiveLocation> live;                       // registers ascending, then slots ascending
  std::vector<std::pair<uint16_t, uint16_t>> same;      // indices a < b into live: b holds the same value as a
  std::vector<Fact> facts;
};

// ---- the rest ------------------------------------------------------------------------------------------------------

struct EhRange { uint32_t start = 0, end = 0, pad = 0; };         // calls and trap sites starting in [start, end) unwind to pad

struct Instantiation {                                            // at the call, or at the lea of a function address
  uint32_t offset = 0;                                            // of the instruction's first byte
  std::vector<TypeId> args;
};

struct LineEntry { uint32_t offset = 0, file = 0, line = 0; };    // offset: return address of a call or trap site; file: index

struct ObjectAnnotations {
  std::string module;
  std::string version;
  TypeTable types;
  std::vector<Symbol> symbols;             // defined ones in any order; ELF symbol i+1 is record i
  std::vector<LabelRecord> labels;         // ascending offset
  std::vector<EhRange> eh;                 // ascending, disjoint
  std::vector<Instantiation> insts;        // ascending offset
  std::vector<std::string> files;
  std::vector<LineEntry> lines;            // ascending offset; not trusted
  Bytes dsu;                               // .tal.dsu, not read by the checker
};

struct NamedBytes { std::string name; Bytes bytes; };

// Reads the `.tal.*` sections; false with a message. Only structure is checked here (ranges of indices, order), not typing.
[[nodiscard]] bool decode_annotations(std::span<const NamedBytes> sections, ObjectAnnotations& a, std::string& problem);

// ---- the file ------------------------------------------------------------------------------------------------------

enum class RelocKind : uint8_t {
  Pc32,   // text: rel32 of call/jmp, disp32 of a RIP operand; value = S + A - P with A = addend
  Abs64,  // .data and .data.rel.ro: a pointer field; addend 0
};
struct Reloc {
  uint32_t offset = 0;     // of the field, in its section; the field's bytes are zero
  RelocKind kind = RelocKind::Pc32;
  uint32_t symbol = 0;     // index into ObjectAnnotations::symbols
  int64_t addend = 0;      // Pc32: minus the distance from the field to the end of the instruction (-4 .. -8)
};

// A debug section and the fields in it that hold an address or an offset (docs/debugging.md). They are for debuggers only and
// are never loaded: the checker looks at no more than that every field lies in its section. In the ELF file the symbol of debug
// section k follows the symbol records: number 1 + symbols + k, global, hidden, value 0, named like the section.
struct DebugReloc {
  uint32_t offset = 0;
  uint8_t size = 8;        // 4 or 8 bytes, zero in the file
  bool to_debug = false;   // target: index into ObjectImage::debug; else into ObjectAnnotations::symbols
  uint32_t target = 0;
  int64_t addend = 0;
};
struct DebugSection {
  std::string name;        // ".debug_info"
  Bytes bytes;
  std::vector<DebugReloc> relocs;   // ascending offset
};

struct ObjectImage {
  Bytes text, rodata, data, relro;
  uint32_t bss_size = 0;
  std::vector<Reloc> text_relocs, data_relocs, relro_relocs;   // ascending offset
  std::vector<DebugSection> debug;                             // .debug_* sections

  std::span<const uint8_t> bytes(Section s) const {
    const Bytes* const parts[] = {nullptr, &text, &rodata, &data, &relro, nullptr};
    const Bytes* part = parts[static_cast<size_t>(s)];
    return part != nullptr ? std::span<const uint8_t>(*part) : std::span<const uint8_t>();
  }
};

} // namespace tal
