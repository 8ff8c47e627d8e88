#include "codegen/debug_info.h"

#include <algorithm>

namespace codegen {

namespace {

// Section numbers in image.debug, which start here.
enum : uint32_t { abbrev_section, info_section, line_section, frame_section };

class Writer {
public:
  explicit Writer(const char* name) { section_.name = name; }

  void u8(unsigned v) { section_.bytes.push_back(uint8_t(v)); }
  void u16(unsigned v) { fixed(v, 2); }
  void u32(uint32_t v) { fixed(v, 4); }
  void u64(uint64_t v) { fixed(v, 8); }
  void uleb(uint64_t v) {
    do {
      unsigned byte = v & 0x7F;
      v >>= 7;
      u8(v ? byte | 0x80 : byte);
    } while (v);
  }
  void sleb(int64_t v) {
    for (;;) {
      unsigned byte = v & 0x7F;
      v >>= 7;
      bool last = (v == 0 && !(byte & 0x40)) || (v == -1 && (byte & 0x40));
      u8(last ? byte : byte | 0x80);
      if (last) return;
    }
  }
  void string(std::string_view text) {
    section_.bytes.insert(section_.bytes.end(), text.begin(), text.end());
    u8(0);
  }
  void address(uint32_t symbol) {
    section_.relocs.push_back({.offset = size(), .size = 8, .target = symbol});
    u64(0);
  }
  void section_offset(uint32_t section) {
    section_.relocs.push_back({.offset = size(), .size = 4, .to_debug = true, .target = section});
    u32(0);
  }
  uint32_t size() const { return uint32_t(section_.bytes.size()); }
  // Length fields: written last, count what follows them.
  uint32_t begin_length() {
    u32(0);
    return size();
  }
  void end_length(uint32_t start) {
    uint32_t length = size() - start;
    for (unsigned i = 0; i < 4; ++i) section_.bytes[start - 4 + i] = uint8_t(length >> (8 * i));
  }
  tal::DebugSection take() { return std::move(section_); }

private:
  void fixed(uint64_t v, unsigned n) {
    for (unsigned i = 0; i < n; ++i) u8(unsigned(v >> (8 * i)) & 0xFF);
  }
  tal::DebugSection section_;
};

// Numbers of the DWARF standard, version 4, section 7.
enum : unsigned {
  DW_TAG_compile_unit = 0x11, DW_TAG_subprogram = 0x2E,
  DW_AT_name = 0x03, DW_AT_stmt_list = 0x10, DW_AT_low_pc = 0x11, DW_AT_high_pc = 0x12, DW_AT_language = 0x13,
  DW_AT_comp_dir = 0x1B, DW_AT_producer = 0x25, DW_AT_decl_file = 0x3A, DW_AT_decl_line = 0x3B, DW_AT_external = 0x3F,
  DW_AT_frame_base = 0x40,
  DW_FORM_addr = 0x01, DW_FORM_data2 = 0x05, DW_FORM_data4 = 0x06, DW_FORM_string = 0x08, DW_FORM_udata = 0x0F,
  DW_FORM_sec_offset = 0x17, DW_FORM_exprloc = 0x18, DW_FORM_flag_present = 0x19,
  DW_LANG_C99 = 0x0C, DW_OP_call_frame_cfa = 0x9C,
  DW_LNS_copy = 1, DW_LNS_advance_pc = 2, DW_LNS_advance_line = 3, DW_LNS_set_file = 4, DW_LNS_set_column = 5,
  DW_LNE_end_sequence = 1, DW_LNE_set_address = 2,
  DW_CFA_advance_loc = 0x40, DW_CFA_offset = 0x80, DW_CFA_nop = 0, DW_CFA_advance_loc1 = 2, DW_CFA_advance_loc4 = 4,
  DW_CFA_def_cfa = 0x0C, DW_CFA_def_cfa_offset = 0x0E,
};
constexpr unsigned dwarf_register[16] = {0, 2, 1, 3, 7, 6, 4, 5, 8, 9, 10, 11, 12, 13, 14, 15};
constexpr unsigned dwarf_rsp = 7, dwarf_return_address = 16;

constexpr int line_base = -5, line_range = 14, opcode_base = 13;

// Rows of one function as a sequence of the line-number program.
class LineProgram {
public:
  LineProgram(Writer& out, uint32_t symbol) : out_(out) {
    out_.u8(0), out_.uleb(9), out_.u8(DW_LNE_set_address);
    out_.address(symbol);
  }
  void row(const LineRow& row, uint32_t file) {
    if (file != file_) out_.u8(DW_LNS_set_file), out_.uleb(file_ = file);
    if (row.loc.column != column_) out_.u8(DW_LNS_set_column), out_.uleb(column_ = row.loc.column);
    int64_t lines = int64_t(row.loc.line) - line_;
    if (lines < line_base || lines >= line_base + line_range) {
      out_.u8(DW_LNS_advance_line), out_.sleb(lines);
      lines = 0;
    }
    uint32_t advance = row.offset - offset_;
    int64_t special = (lines - line_base) + int64_t(line_range) * advance + opcode_base;
    if (special > 255) {
      out_.u8(DW_LNS_advance_pc), out_.uleb(advance);
      special = (lines - line_base) + opcode_base;
    }
    out_.u8(unsigned(special)); // appends the row
    offset_ = row.offset;
    line_ = row.loc.line;
  }
  void end(uint32_t size) {
    out_.u8(DW_LNS_advance_pc), out_.uleb(size - offset_);
    out_.u8(0), out_.uleb(1), out_.u8(DW_LNE_end_sequence);
  }

private:
  Writer& out_;
  uint32_t offset_ = 0, file_ = 1, column_ = 0;
  int64_t line_ = 1;
};

} // namespace

void DebugInfo::add_function(const mir::Function& function, const EmittedFunction& emitted) {
  functions_.push_back({function.name, function.symbol, uint32_t(emitted.code.size()), function.loc, emitted.lines, emitted.frame});
}

tal::DebugSection DebugInfo::abbreviations() const {
  Writer out(".debug_abbrev");
  auto entry = [&](unsigned code, unsigned tag, bool children, std::initializer_list<std::pair<unsigned, unsigned>> attributes) {
    out.uleb(code), out.uleb(tag), out.u8(children);
    for (auto [name, form] : attributes) out.uleb(name), out.uleb(form);
    out.u8(0), out.u8(0);
  };
  entry(1, DW_TAG_compile_unit, true,
        {{DW_AT_producer, DW_FORM_string}, {DW_AT_language, DW_FORM_data2}, {DW_AT_name, DW_FORM_string}, {DW_AT_comp_dir, DW_FORM_string},
         {DW_AT_stmt_list, DW_FORM_sec_offset}, {DW_AT_low_pc, DW_FORM_addr}, {DW_AT_high_pc, DW_FORM_data4}});
  entry(2, DW_TAG_subprogram, false,
        {{DW_AT_name, DW_FORM_string}, {DW_AT_external, DW_FORM_flag_present}, {DW_AT_low_pc, DW_FORM_addr}, {DW_AT_high_pc, DW_FORM_data4},
         {DW_AT_decl_file, DW_FORM_udata}, {DW_AT_decl_line, DW_FORM_udata}, {DW_AT_frame_base, DW_FORM_exprloc}});
  out.u8(0);
  return out.take();
}

tal::DebugSection DebugInfo::information(const std::string& source_name, const std::string& directory, uint32_t text_size) const {
  Writer out(".debug_info");
  uint32_t start = out.begin_length();
  out.u16(4);
  out.section_offset(abbrev_section);
  out.u8(8);
  out.uleb(1);
  out.string("popc"), out.u16(DW_LANG_C99), out.string(source_name), out.string(directory);
  out.section_offset(line_section);
  out.address(functions_.front().symbol), out.u32(text_size - 16); // the first function stands behind 16 bytes of padding
  for (const Subprogram& f : functions_) {
    out.uleb(2);
    out.string(f.name), out.address(f.symbol), out.u32(f.size), out.uleb(f.loc.file.value), out.uleb(f.loc.line);
    out.uleb(1), out.u8(DW_OP_call_frame_cfa);
  }
  out.u8(0);
  out.end_length(start);
  return out.take();
}

tal::DebugSection DebugInfo::line_table() const {
  Writer out(".debug_line");
  uint32_t start = out.begin_length();
  out.u16(4);
  uint32_t header = out.begin_length();
  out.u8(1), out.u8(1), out.u8(1), out.u8(unsigned(line_base) & 0xFF), out.u8(line_range), out.u8(opcode_base);
  for (unsigned operands : {0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1}) out.u8(operands);
  out.u8(0); // no directories: names are relative to the unit's
  uint32_t files = 0;
  for (const Subprogram& f : functions_) {
    files = std::max<uint32_t>(files, f.loc.file.value);
    for (const LineRow& row : f.lines) files = std::max<uint32_t>(files, row.loc.file.value);
  }
  for (uint32_t file = 1; file <= files; ++file)
    out.string(sources_.name(support::FileId{uint16_t(file)})), out.u8(0), out.u8(0), out.u8(0);
  out.u8(0);
  out.end_length(header);
  for (const Subprogram& f : functions_) {
    if (f.lines.empty()) continue;
    LineProgram program(out, f.symbol);
    for (const LineRow& row : f.lines) program.row(row, row.loc.file.value);
    program.end(f.size);
  }
  out.end_length(start);
  return out.take();
}

tal::DebugSection DebugInfo::frames() const {
  Writer out(".debug_frame");
  auto pad = [&](uint32_t start) {
    while ((out.size() - start) % 8 != 4) out.u8(DW_CFA_nop);
    out.end_length(start);
  };
  uint32_t cie = out.begin_length();
  out.u32(0xFFFFFFFF), out.u8(3), out.u8(0), out.uleb(1), out.sleb(-8), out.uleb(dwarf_return_address);
  out.u8(DW_CFA_def_cfa), out.uleb(dwarf_rsp), out.uleb(8);
  out.u8(DW_CFA_offset | dwarf_return_address), out.uleb(1);
  pad(cie);
  for (const Subprogram& f : functions_) {
    uint32_t fde = out.begin_length();
    out.section_offset(frame_section); // the common entry is at its start
    out.address(f.symbol), out.u64(f.size);
    uint32_t at = 0;
    for (const FrameRow& row : f.frame) {
      uint32_t advance = row.offset - at;
      if (advance >= 256) out.u8(DW_CFA_advance_loc4), out.u32(advance);
      else if (advance >= 64) out.u8(DW_CFA_advance_loc1), out.u8(advance);
      else if (advance) out.u8(DW_CFA_advance_loc | advance);
      at = row.offset;
      out.u8(DW_CFA_def_cfa_offset), out.uleb(row.depth + 8);
      if (row.saved != UINT32_MAX) out.u8(DW_CFA_offset | dwarf_register[row.saved]), out.uleb((row.depth + 8) / 8);
    }
    pad(fde);
  }
  return out.take();
}

void DebugInfo::write(const std::string& source_name, const std::string& directory, uint32_t text_size, tal::ObjectImage& image) const {
  if (functions_.empty()) return;
  image.debug.push_back(abbreviations());
  image.debug.push_back(information(source_name, directory, text_size));
  image.debug.push_back(line_table());
  image.debug.push_back(frames());
}

} // namespace codegen
