// Writes an object as ELF64 ET_REL: sections in a fixed order, one symbol per record, all global and hidden, so that every
// relocation names a symbol and no field needs an addend into a section (R23, R25).
#include "tal/write/elf_header.h"
#include "tal/write/write.h"

#include <algorithm>

namespace tal {
namespace {

struct OutSection {
  std::string name;
  uint32_t type = elf::sht_progbits;
  uint64_t flags = 0;
  uint64_t align = 1;
  uint64_t entsize = 0;
  uint32_t link = 0, info = 0;
  Bytes bytes = {};
  uint64_t size = 0; // of a NOBITS section
};

template <typename T> void put(Bytes& out, const T& value) {
  const auto* p = reinterpret_cast<const uint8_t*>(&value);
  out.insert(out.end(), p, p + sizeof(T));
}

uint32_t add_string(Bytes& table, std::string_view text) {
  auto at = static_cast<uint32_t>(table.size());
  table.insert(table.end(), text.begin(), text.end());
  table.push_back(0);
  return at;
}

class Writer {
public:
  Writer(const ObjectImage& image, const ObjectAnnotations& a) : image_(image), annotations_(a) {
    sections_.emplace_back();
  }

  Bytes write() {
    using namespace elf;
    text_ = add({.name = ".text", .flags = shf_alloc | shf_execinstr, .align = 16, .bytes = image_.text});
    rodata_ = add_data(".rodata", shf_alloc, image_.rodata);
    data_ = add_data(".data", shf_alloc | shf_write, image_.data);
    relro_ = add_data(".data.rel.ro", shf_alloc | shf_write, image_.relro);
    if (image_.bss_size != 0)
      bss_ = add({.name = ".bss", .type = sht_nobits, .flags = shf_alloc | shf_write, .align = 16, .size = image_.bss_size});
    add_relocs(".rela.text", text_, image_.text_relocs);
    add_relocs(".rela.data", data_, image_.data_relocs);
    add_relocs(".rela.data.rel.ro", relro_, image_.relro_relocs);
    for (NamedBytes& s : encode_annotations(annotations_))
      add({.name = s.name, .bytes = std::move(s.bytes)});
    for (const DebugSection& s : image_.debug)
      add_debug(s);
    add({.name = ".note.GNU-stack"});
    add_symbols();
    return layout();
  }

private:
  uint32_t add(OutSection s) {
    sections_.push_back(std::move(s));
    return static_cast<uint32_t>(sections_.size() - 1);
  }
  uint32_t add_data(const char* name, uint64_t flags, const Bytes& bytes) {
    return bytes.empty() ? 0 : add({.name = name, .flags = flags, .align = 16, .bytes = bytes});
  }
  void add_relocs(const char* name, uint32_t target, const std::vector<Reloc>& relocs) {
    if (relocs.empty())
      return;
    OutSection s{.name = name, .type = elf::sht_rela, .flags = elf::shf_info_link, .align = 8, .entsize = 24, .info = target};
    for (const Reloc& r : relocs) {
      uint32_t type = r.kind == RelocKind::Pc32 ? elf::r_x86_64_pc32 : elf::r_x86_64_64;
      put(s.bytes, elf::Rela{r.offset, uint64_t{r.symbol + 1} << 32 | type, r.addend});
    }
    add(std::move(s));
  }
  void add_debug(const DebugSection& s) {
    const uint32_t section = add({.name = s.name, .bytes = s.bytes});
    debug_.push_back(section);
    if (s.relocs.empty())
      return;
    OutSection out{.name = ".rela" + s.name, .type = elf::sht_rela, .flags = elf::shf_info_link, .align = 8, .entsize = 24, .info = section};
    for (const DebugReloc& r : s.relocs) {
      const uint64_t symbol = 1 + r.target + (r.to_debug ? annotations_.symbols.size() : 0);
      put(out.bytes, elf::Rela{r.offset, symbol << 32 | (r.size == 4 ? elf::r_x86_64_32 : elf::r_x86_64_64), r.addend});
    }
    add(std::move(out));
  }
  uint32_t section_index(Section s) const {
    switch (s) {
    case Section::None: return 0;
    case Section::Text: return text_;
    case Section::RoData: return rodata_;
    case Section::Data: return data_;
    case Section::RelRo: return relro_;
    case Section::Bss: return bss_;
    }
    return 0;
  }
  void add_symbols() {
    Bytes strings{0};
    OutSection symtab{.name = ".symtab", .type = elf::sht_symtab, .align = 8, .entsize = 24, .info = 1};
    put(symtab.bytes, elf::Symbol{});
    for (size_t i = 0; i < annotations_.symbols.size(); i++) {
      const Symbol& s = annotations_.symbols[i];
      elf::Symbol e{};
      e.name = s.name.empty() ? 0 : add_string(strings, s.name);
      bool defined = s.section != Section::None;
      uint8_t type = !defined ? elf::stt_notype : s.kind == SymbolKind::Function ? elf::stt_func : elf::stt_object;
      e.info = static_cast<uint8_t>(elf::stb_global << 4 | type);
      e.other = defined ? elf::stv_hidden : elf::stv_default;
      e.shndx = static_cast<uint16_t>(section_index(s.section));
      e.value = s.offset;
      e.size = s.size;
      put(symtab.bytes, e);
    }
    for (size_t k = 0; k < debug_.size(); k++) {
      elf::Symbol e{};
      e.name = add_string(strings, image_.debug[k].name);
      e.info = static_cast<uint8_t>(elf::stb_global << 4 | elf::stt_notype);
      e.other = elf::stv_hidden;
      e.shndx = static_cast<uint16_t>(debug_[k]);
      put(symtab.bytes, e);
    }
    symtab.link = static_cast<uint32_t>(sections_.size()) + 1;
    symtab_ = add(std::move(symtab));
    add({.name = ".strtab", .type = elf::sht_strtab, .bytes = std::move(strings)});
  }
  Bytes layout() {
    Bytes names{0};
    add({.name = ".shstrtab", .type = elf::sht_strtab});
    std::vector<elf::SectionHeader> headers;
    for (const OutSection& s : sections_) {
      elf::SectionHeader h{};
      h.name = s.name.empty() ? 0 : add_string(names, s.name);
      headers.push_back(h);
    }
    sections_.back().bytes = names;
    Bytes out(sizeof(elf::Header));
    for (size_t i = 1; i < sections_.size(); i++) {
      const OutSection& s = sections_[i];
      while (out.size() % s.align != 0)
        out.push_back(0);
      elf::SectionHeader& h = headers[i];
      h.type = s.type;
      h.flags = s.flags;
      h.offset = out.size();
      h.size = s.type == elf::sht_nobits ? s.size : s.bytes.size();
      h.link = s.type == elf::sht_rela ? symtab_ : s.link;
      h.info = s.info;
      h.addralign = s.align;
      h.entsize = s.entsize;
      out.insert(out.end(), s.bytes.begin(), s.bytes.end());
    }
    while (out.size() % 8 != 0)
      out.push_back(0);
    const elf::Header header = elf::object_header(out.size(), sections_.size());
    std::memcpy(out.data(), &header, sizeof header);
    for (const elf::SectionHeader& h : headers)
      put(out, h);
    return out;
  }

  const ObjectImage& image_;
  const ObjectAnnotations& annotations_;
  std::vector<OutSection> sections_;
  std::vector<uint32_t> debug_;   // section numbers of image_.debug
  uint32_t text_ = 0, rodata_ = 0, data_ = 0, relro_ = 0, bss_ = 0, symtab_ = 0;
};

} // namespace

Bytes write_object(const ObjectImage& image, const ObjectAnnotations& annotations) {
  return Writer(image, annotations).write();
}

} // namespace tal
