// The span-checked ELF reader; see object_reader.h. One reading: section names decide what a section is, the list is
// closed, ranges are disjoint, and symbol i after the locals is symbol record i.
#include "tal/object_reader.h"
#include "tal/elf.h"

#include <algorithm>

namespace tal {
namespace {

constexpr uint64_t max_section_size = 1u << 28;
constexpr uint32_t max_sections = 256;

struct KnownSection {
  const char* name;
  uint32_t type;
  uint64_t flags;
};

constexpr KnownSection known_sections[] = {
    {".text", elf::sht_progbits, elf::shf_alloc | elf::shf_execinstr},
    {".rodata", elf::sht_progbits, elf::shf_alloc},
    {".data", elf::sht_progbits, elf::shf_alloc | elf::shf_write},
    {".data.rel.ro", elf::sht_progbits, elf::shf_alloc | elf::shf_write},
    {".bss", elf::sht_nobits, elf::shf_alloc | elf::shf_write},
    {".rela.text", elf::sht_rela, elf::shf_info_link},
    {".rela.data", elf::sht_rela, elf::shf_info_link},
    {".rela.data.rel.ro", elf::sht_rela, elf::shf_info_link},
    {".symtab", elf::sht_symtab, 0},
    {".strtab", elf::sht_strtab, 0},
    {".shstrtab", elf::sht_strtab, 0},
    {".note.GNU-stack", elf::sht_progbits, 0},
    {".tal.note", elf::sht_progbits, 0},
    {".tal.types", elf::sht_progbits, 0},
    {".tal.sigs", elf::sht_progbits, 0},
    {".tal.blocks", elf::sht_progbits, 0},
    {".tal.eh", elf::sht_progbits, 0},
    {".tal.inst", elf::sht_progbits, 0},
    {".tal.lines", elf::sht_progbits, 0},
    {".tal.dsu", elf::sht_progbits, 0},
};
constexpr uint64_t shf_merge_strings = 0x30; // .debug_str; never linked by us

struct SectionView {
  std::string name;
  elf::SectionHeader header{};
  std::span<const uint8_t> bytes;
};

template <typename T> T get(std::span<const uint8_t> bytes, size_t at) {
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof(T));
  return value;
}

class Reader {
public:
  Reader(std::span<const uint8_t> bytes, ObjectFile& object, VerifyError& error)
      : bytes_(bytes), object_(object), error_(error) {}

  bool run() {
    return read_header() && read_sections() && check_overlap() && copy_parts() && read_annotations() && read_symbols() &&
           read_relocs(Section::Text, object_.image.text, object_.image.text_relocs) &&
           read_relocs(Section::Data, object_.image.data, object_.image.data_relocs) &&
           read_relocs(Section::RelRo, object_.image.relro, object_.image.relro_relocs) &&
           read_debug_relocs();
  }

private:
  bool fail(CheckRule rule, std::string expected, std::string found, Section section = Section::None, uint32_t offset = 0) {
    return refuse(error_, rule, std::move(expected), std::move(found), section, offset);
  }

  bool read_header() {
    if (bytes_.size() < sizeof(elf::Header))
      return fail(CheckRule::O1, "an ELF header of 64 bytes", "a file of " + std::to_string(bytes_.size()) + " bytes");
    header_ = get<elf::Header>(bytes_, 0);
    if (!std::equal(std::begin(elf::ident), std::end(elf::ident), header_.ident))
      return fail(CheckRule::O1, "the identification of a little-endian ELF64 file", "other bytes");
    if (header_.type != elf::et_rel || header_.machine != elf::em_x86_64 || header_.version != 1 || header_.flags != 0)
      return fail(CheckRule::O1, "a relocatable file for x86-64",
                  "type " + std::to_string(header_.type) + ", machine " + std::to_string(header_.machine));
    uint64_t table = uint64_t{header_.shnum} * sizeof(elf::SectionHeader);
    if (header_.ehsize != sizeof(elf::Header) || header_.shentsize != sizeof(elf::SectionHeader) || header_.phnum != 0 ||
        header_.shnum == 0 || header_.shnum > max_sections || header_.shoff % 8 != 0 || header_.shoff > bytes_.size() ||
        table > bytes_.size() - header_.shoff || header_.shstrndx >= header_.shnum)
      return fail(CheckRule::O1, "a section table of at most 256 entries inside the file", "another");
    return true;
  }

  bool read_sections() {
    for (uint32_t i = 0; i < header_.shnum; i++) {
      SectionView s;
      s.header = get<elf::SectionHeader>(bytes_, header_.shoff + i * sizeof(elf::SectionHeader));
      if (i == 0) {
        if (s.header.type != elf::sht_null || s.header.size != 0)
          return fail(CheckRule::O1, "an empty section 0", "another");
      } else if (!section_range(s)) {
        return false;
      }
      sections_.push_back(std::move(s));
    }
    std::span<const uint8_t> names = sections_[header_.shstrndx].bytes;
    for (uint32_t i = 1; i < header_.shnum; i++) {
      SectionView& s = sections_[i];
      const auto* start = names.data() + std::min<size_t>(s.header.name, names.size());
      const auto* end = std::find(start, names.data() + names.size(), 0);
      if (end == names.data() + names.size())
        return fail(CheckRule::O1, "section names inside .shstrtab", "section " + std::to_string(i));
      s.name.assign(start, end);
      if (!section_known(s))
        return false;
      for (uint32_t j = 1; j < i; j++)
        if (sections_[j].name == s.name)
          return fail(CheckRule::O2, "each section once", "two of " + s.name);
    }
    return true;
  }

  bool section_range(SectionView& s) {
    uint64_t align = s.header.addralign;
    if (s.header.size > max_section_size || s.header.addr != 0 || (align & (align - 1)) != 0 || align > 4096)
      return fail(CheckRule::O8, "sections below 256 MiB, aligned at most 4096", "another");
    if (s.header.type == elf::sht_nobits)
      return true;
    if (s.header.offset > bytes_.size() || s.header.size > bytes_.size() - s.header.offset)
      return fail(CheckRule::O1, "sections inside the file", "one that ends past byte " + std::to_string(bytes_.size()));
    s.bytes = bytes_.subspan(s.header.offset, s.header.size);
    return true;
  }

  bool section_known(const SectionView& s) {
    uint64_t flags = s.header.flags;
    if (s.name.starts_with(".debug_") && s.header.type == elf::sht_progbits && (flags == 0 || flags == shf_merge_strings))
      return true;
    if (s.name.starts_with(".rela.debug_") && s.header.type == elf::sht_rela && (flags | elf::shf_info_link) == elf::shf_info_link)
      return true;
    for (const KnownSection& k : known_sections) {
      if (s.name != k.name)
        continue;
      bool same_flags = k.type == elf::sht_rela ? (flags | elf::shf_info_link) == k.flags : flags == k.flags;
      if (s.header.type != k.type || !same_flags)
        return fail(CheckRule::O2, s.name + " with its type and flags",
                    "type " + std::to_string(s.header.type) + ", flags " + std::to_string(flags));
      if ((flags & elf::shf_alloc) && s.header.addralign < 16)
        return fail(CheckRule::O2, s.name + " aligned to 16 bytes", std::to_string(s.header.addralign));
      if (s.name == ".note.GNU-stack" && s.header.size != 0)
        return fail(CheckRule::O2, "an empty .note.GNU-stack", "bytes");
      return true;
    }
    return fail(CheckRule::O2, "a section of the list", s.name);
  }

  bool check_overlap() {
    std::vector<std::pair<uint64_t, uint64_t>> ranges{
        {0, sizeof(elf::Header)}, {header_.shoff, header_.shoff + header_.shnum * sizeof(elf::SectionHeader)}};
    for (const SectionView& s : sections_)
      if (s.header.type != elf::sht_nobits && s.header.size != 0)
        ranges.emplace_back(s.header.offset, s.header.offset + s.header.size);
    std::sort(ranges.begin(), ranges.end());
    for (size_t i = 1; i < ranges.size(); i++)
      if (ranges[i].first < ranges[i - 1].second)
        return fail(CheckRule::O1, "disjoint sections", "two that overlap at byte " + std::to_string(ranges[i].first));
    return true;
  }

  const SectionView* find(std::string_view name) const {
    for (const SectionView& s : sections_)
      if (s.name == name && !s.name.empty())
        return &s;
    return nullptr;
  }
  uint32_t index_of(Section section) const {
    const SectionView* s = find(section_name(section));
    return s == nullptr ? 0 : static_cast<uint32_t>(s - sections_.data());
  }

  bool copy_parts() {
    auto copy = [&](std::string_view name, Bytes& out) {
      if (const SectionView* s = find(name))
        out.assign(s->bytes.begin(), s->bytes.end());
    };
    ObjectImage& image = object_.image;
    copy(".text", image.text);
    copy(".rodata", image.rodata);
    copy(".data", image.data);
    copy(".data.rel.ro", image.relro);
    if (const SectionView* bss = find(".bss"))
      image.bss_size = static_cast<uint32_t>(bss->header.size);
    for (const SectionView& s : sections_) {
      if (s.name.starts_with(".debug_")) {
        debug_sections_.push_back(static_cast<uint32_t>(&s - sections_.data()));
        image.debug.push_back({s.name, Bytes(s.bytes.begin(), s.bytes.end()), {}});
      }
      if ((s.header.flags & elf::shf_alloc) || s.name.starts_with(".tal."))
        object_.section_sizes.emplace_back(s.name, s.header.size);
    }
    return true;
  }

  bool read_annotations() {
    std::vector<NamedBytes> sections;
    for (const SectionView& s : sections_)
      if (s.name.starts_with(".tal."))
        sections.push_back({s.name, Bytes(s.bytes.begin(), s.bytes.end())});
    std::string problem;
    if (!decode_annotations(sections, object_.annotations, problem))
      return fail(CheckRule::O5, "well-formed annotations", problem);
    return true;
  }

  bool read_symbols() {
    const SectionView* table = find(".symtab");
    if (table == nullptr || table->header.entsize != sizeof(elf::Symbol) || table->bytes.size() % sizeof(elf::Symbol) != 0)
      return fail(CheckRule::O3, "a symbol table", "none, or one of another form");
    size_t count = table->bytes.size() / sizeof(elf::Symbol);
    first_symbol_ = table->header.info;
    symbol_count_ = object_.annotations.symbols.size();
    if (first_symbol_ == 0 || first_symbol_ > count || count - first_symbol_ != symbol_count_ + debug_sections_.size())
      return fail(CheckRule::O3, std::to_string(symbol_count_) + " global symbols, one for each record and debug section",
                  std::to_string(count) + " symbols, of which " + std::to_string(first_symbol_) + " are local");
    for (size_t i = 1; i < first_symbol_; i++) { // locals: for debug information only
      auto e = get<elf::Symbol>(table->bytes, i * sizeof(elf::Symbol));
      uint8_t type = e.info & 15;
      if (e.info >> 4 != elf::stb_local || (type != elf::stt_section && type != elf::stt_file))
        return fail(CheckRule::O3, "only section and file symbols as local ones", "symbol " + std::to_string(i));
    }
    const SectionView* strings = find(".strtab");
    for (size_t i = 0; i < symbol_count_; i++) {
      auto e = get<elf::Symbol>(table->bytes, (first_symbol_ + i) * sizeof(elf::Symbol));
      Symbol& s = object_.annotations.symbols[i];
      if (!read_name(strings, e.name, s.name) || !symbol_agrees(e, s))
        return false;
      s.offset = static_cast<uint32_t>(e.value);
      s.size = static_cast<uint32_t>(e.size);
    }
    for (size_t k = 0; k < debug_sections_.size(); k++) { // what .rela.debug_* may name besides the records
      auto e = get<elf::Symbol>(table->bytes, (first_symbol_ + symbol_count_ + k) * sizeof(elf::Symbol));
      if (e.info != (elf::stb_global << 4 | elf::stt_notype) || e.value != 0 || e.size != 0 || e.shndx != debug_sections_[k])
        return fail(CheckRule::O3, "the symbol of debug section " + std::to_string(k), "another");
    }
    return true;
  }

  // The name of a symbol record: a string of .strtab, with its end inside. Each record has its own, so that names take no more
  // memory than the file (R52).
  bool read_name(const SectionView* strings, uint32_t at, std::string& name) {
    if (at == 0)
      return true;
    if (strings != nullptr && at < strings->bytes.size()) {
      auto start = strings->bytes.begin() + at, end = std::find(start, strings->bytes.end(), 0);
      name_bytes_ += static_cast<size_t>(end - start) + 1;
      if (end != strings->bytes.end() && name_bytes_ <= strings->bytes.size()) {
        name.assign(start, end);
        return true;
      }
    }
    return fail(CheckRule::O3, "a string of its own in .strtab for each name", "offset " + std::to_string(at));
  }

  bool symbol_agrees(const elf::Symbol& e, const Symbol& s) {
    uint32_t index = s.section == Section::None ? 0 : index_of(s.section);
    const uint64_t room = index == 0 ? 0 : sections_[index].header.size;
    uint8_t type = e.info & 15;
    bool type_ok = s.section == Section::None ? type == elf::stt_notype
                   : s.kind == SymbolKind::Function ? type == elf::stt_func
                                                    : type == elf::stt_object;
    bool same = e.info >> 4 == elf::stb_global && type_ok && (e.other == elf::stv_default || e.other == elf::stv_hidden) &&
                e.shndx == index && e.value <= room && e.size <= room - e.value && (e.size != 0) == (s.section != Section::None);
    if (same)
      return true;
    return fail(CheckRule::O3, "the ELF symbol of `" + s.name + "` as in its record",
                "section " + std::to_string(e.shndx) + ", value " + std::to_string(e.value) + ", size " + std::to_string(e.size),
                s.section, 0);
  }

  // The entries of the relocation table for a section of this number, if there is one.
  bool read_rela(const std::string& target, uint32_t number, std::vector<elf::Rela>& entries) {
    const SectionView* s = find(".rela" + target);
    if (s == nullptr)
      return true;
    if (s->header.entsize != sizeof(elf::Rela) || s->bytes.size() % sizeof(elf::Rela) != 0 || s->header.info != number || number == 0)
      return fail(CheckRule::O4, "a relocation table for " + target, "another");
    for (size_t i = 0; i < s->bytes.size(); i += sizeof(elf::Rela))
      entries.push_back(get<elf::Rela>(s->bytes, i));
    return true;
  }

  bool read_relocs(Section section, const Bytes& bytes, std::vector<Reloc>& out) {
    std::vector<elf::Rela> entries;
    if (!read_rela(std::string(section_name(section)), index_of(section), entries))
      return false;
    unsigned width = section == Section::Text ? 4 : 8;
    for (const elf::Rela& e : entries) {
      uint32_t type = static_cast<uint32_t>(e.info), symbol = static_cast<uint32_t>(e.info >> 32);
      bool type_ok = section == Section::Text ? type == elf::r_x86_64_pc32 || type == elf::r_x86_64_plt32
                                              : type == elf::r_x86_64_64 && e.addend == 0;
      if (!type_ok || e.offset > bytes.size() || bytes.size() - e.offset < width || symbol < first_symbol_ ||
          symbol - first_symbol_ >= symbol_count_ || e.addend > INT32_MAX || e.addend < INT32_MIN)
        return fail(CheckRule::O4, "a relocation of the allowed kind against a symbol record",
                    "type " + std::to_string(type) + ", symbol " + std::to_string(symbol), section,
                    static_cast<uint32_t>(e.offset));
      out.push_back({static_cast<uint32_t>(e.offset), section == Section::Text ? RelocKind::Pc32 : RelocKind::Abs64,
                     static_cast<uint32_t>(symbol - first_symbol_), e.addend});
    }
    std::sort(out.begin(), out.end(), [](const Reloc& a, const Reloc& b) { return a.offset < b.offset; });
    for (size_t i = 1; i < out.size(); i++)
      if (out[i].offset - out[i - 1].offset < width)
        return fail(CheckRule::O4, "one relocation for each field", "two that overlap", section, out[i].offset);
    return true;
  }

  // Debug sections are never loaded; their relocations only have to stay inside them.
  bool read_debug_relocs() {
    for (size_t k = 0; k < debug_sections_.size(); k++) {
      DebugSection& out = object_.image.debug[k];
      std::vector<elf::Rela> entries;
      if (!read_rela(out.name, debug_sections_[k], entries))
        return false;
      uint64_t end = 0;
      for (const elf::Rela& e : entries) {
        uint32_t type = static_cast<uint32_t>(e.info), symbol = static_cast<uint32_t>(e.info >> 32);
        uint8_t size = type == elf::r_x86_64_32 ? 4 : 8;
        size_t target = symbol - first_symbol_;
        if ((size == 8 && type != elf::r_x86_64_64) || e.offset < end || e.offset > out.bytes.size() ||
            out.bytes.size() - e.offset < size || symbol < first_symbol_ || target >= symbol_count_ + debug_sections_.size())
          return fail(CheckRule::O4, "relocations inside " + out.name + " in ascending order", "byte " + std::to_string(e.offset));
        end = e.offset + size;
        bool to_debug = target >= symbol_count_;
        out.relocs.push_back({static_cast<uint32_t>(e.offset), size, to_debug,
                              static_cast<uint32_t>(to_debug ? target - symbol_count_ : target), e.addend});
      }
    }
    return true;
  }

  std::span<const uint8_t> bytes_;
  ObjectFile& object_;
  VerifyError& error_;
  std::vector<uint32_t> debug_sections_; // section numbers of image.debug
  elf::Header header_{};
  std::vector<SectionView> sections_;
  size_t first_symbol_ = 0, symbol_count_ = 0, name_bytes_ = 0;
};

} // namespace

bool read_object(std::span<const uint8_t> bytes, ObjectFile& object, VerifyError& error) {
  return Reader(bytes, object, error).run();
}

} // namespace tal
