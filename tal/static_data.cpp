// Static objects: every byte of .data, .data.rel.ro, .rodata and .bss belongs to one declared object or is zero and
// without relocation; every pointer field is a relocation to a symbol whose address has the field's type, or zero where
// null is allowed; array lengths are true; canonical integers are canonical. Objects in read-only sections have
// read-only fields. (Design rules R18, R20, R24, R25.)
#include "tal/static_data.h"

#include "tal/state.h"

#include <algorithm>
#include <map>

namespace tal {
namespace {

class StaticDataChecker {
public:
  StaticDataChecker(ObjectFile& object, std::vector<int64_t>& lengths, VerifyError& error)
      : object_(object), types_(object.annotations.types), symbols_(object.annotations.symbols), lengths_(lengths),
        error_(error) {}

  bool run() {
    lengths_.assign(symbols_.size(), -1);
    static const std::vector<Reloc> no_relocs;
    return section(Section::RoData, object_.image.rodata, no_relocs, object_.image.rodata.size()) &&
           section(Section::Data, object_.image.data, object_.image.data_relocs, object_.image.data.size()) &&
           section(Section::RelRo, object_.image.relro, object_.image.relro_relocs, object_.image.relro.size()) &&
           section(Section::Bss, {}, no_relocs, object_.image.bss_size);
  }

private:
  bool fail(uint32_t offset, std::string expected, std::string found, CheckRule rule = CheckRule::O6) {
    return refuse(error_, rule, std::move(expected), std::move(found), section_, offset);
  }

  // Comparing types, and looking into functions and packages at some types, takes as long as the types are large (R52).
  bool pay(uint32_t offset, TypeId a, TypeId b) {
    const uint64_t cost = uint64_t{types_.tree_size(a)} + types_.tree_size(b);
    if (cost > budget_)
      return fail(offset, "a budget of types that are compared", "more", CheckRule::O8);
    budget_ -= cost;
    return true;
  }

  bool section(Section which, std::span<const uint8_t> bytes, const std::vector<Reloc>& relocs, uint64_t size) {
    section_ = which;
    bytes_ = bytes;
    relocs_ = relocs;
    next_reloc_ = 0;
    std::vector<uint32_t> objects;
    for (uint32_t i = 0; i < symbols_.size(); i++)
      if (symbols_[i].section == which)
        objects.push_back(i);
    std::sort(objects.begin(), objects.end(),
              [&](uint32_t a, uint32_t b) { return symbols_[a].offset < symbols_[b].offset; });
    uint64_t end = 0;
    for (uint32_t i : objects) {
      const Symbol& s = symbols_[i];
      uint64_t stop = uint64_t{s.offset} + s.size;
      if (s.offset % 8 != 0 || s.size == 0 || s.offset < end || stop > size)
        return fail(s.offset, "objects aligned to 8, not empty, disjoint and inside the section", "`" + s.name + "`");
      if (!gap(end, s.offset) || !object(i))
        return false;
      end = stop;
    }
    if (!gap(end, size))
      return false;
    if (next_reloc_ != relocs_.size())
      return fail(relocs_[next_reloc_].offset, "a relocation on a pointer field", "one elsewhere");
    return true;
  }

  bool gap(uint64_t from, uint64_t to) {
    for (uint64_t i = from; i < to && i < bytes_.size(); i++)
      if (bytes_[i] != 0)
        return fail(static_cast<uint32_t>(i), "zero where no object is declared", "other bytes");
    return true;
  }

  uint64_t word(uint32_t offset, unsigned bytes) const {
    uint64_t v = 0;
    if (section_ != Section::Bss)
      std::memcpy(&v, bytes_.data() + offset, bytes);
    return v;
  }

  bool object(uint32_t index) {
    const Symbol& s = symbols_[index];
    if (s.kind == SymbolKind::ExnName) {
      if (s.size != 8 || (section_ != Section::Data && section_ != Section::Bss) || word(s.offset, 8) != 0)
        return fail(s.offset, "an exception name of 8 zero bytes in .data or .bss", "another");
      return true;
    }
    if (types_.tag(s.type) == TypeTag::Arr)
      return array(s, lengths_[index]);
    if (types_.tag(s.type) == TypeTag::Union)
      return variant(s, lengths_[index]);
    if (types_.tag(s.type) == TypeTag::Exn)
      return exception(s);
    TypeId layout = types_.expand(types_.target(s.type));
    if (!layout || s.size != types_.layout_size(layout))
      return fail(s.offset, "an object of the size of " + types_.print(s.type), std::to_string(s.size) + " bytes");
    for (const Field& f : types_.fields(layout)) {
      if (read_only() && f.mutability == Mutability::ReadWrite)
        return fail(s.offset + f.offset, "read-only fields in " + std::string(section_name(section_)), "a writable one");
      if (!content(s.offset + f.offset, f.type, f.slot))
        return false;
    }
    return true;
  }

  bool variant(const Symbol& s, int64_t& tag) {
    TypeId cases = types_.expand_cases(types_.target(s.type));
    if (!cases || s.size != 16 || word(s.offset, 8) >= types_.args(cases).size())
      return fail(s.offset, "16 bytes with the tag of a boxed variant of " + types_.print(s.type), "others");
    tag = static_cast<int64_t>(word(s.offset, 8));
    return content(s.offset + 8, types_.args(cases)[static_cast<size_t>(tag)], true);
  }

  // The address of an exception name, then its payload if it has one. Nothing ever writes into such an object.
  bool exception(const Symbol& s) {
    bool named = next_reloc_ < relocs_.size() && relocs_[next_reloc_].offset == s.offset;
    TypeId name = named ? symbols_[relocs_[next_reloc_].symbol].type : no_type;
    if (!name || types_.tag(name) != TypeTag::ExnName)
      return fail(s.offset, "the name of an exception", "something else");
    TypeId payload = types_.target(name);
    if (s.size != (payload ? 16u : 8u))
      return fail(s.offset, "an exception of " + std::string(payload ? "16" : "8") + " bytes", std::to_string(s.size) + " bytes");
    return content(s.offset, name, false) && (!payload || content(s.offset + 8, payload, true));
  }

  bool array(const Symbol& s, int64_t& length) {
    TypeId element = types_.target(s.type);
    unsigned size = types_.word_size(element);
    if (s.size < 8)
      return fail(s.offset, "an array with its length", std::to_string(s.size) + " bytes");
    uint64_t n = word(s.offset, 8), needed = 8 + n * size;
    if (n > static_cast<uint64_t>(max_length) || s.size < needed || s.size > ((needed + 7) & ~uint64_t{7}))
      return fail(s.offset, "a length that fits the object of " + std::to_string(s.size) + " bytes", std::to_string(n));
    if (read_only() && types_.mutability(s.type) == Mutability::ReadWrite)
      return fail(s.offset, "a read-only array in " + std::string(section_name(section_)), "a writable one");
    length = static_cast<int64_t>(n);
    if (!types_.is_integer(element) || next_reloc_inside(s.offset, s.size))
      for (uint64_t i = 0; i < n; i++)
        if (!content(static_cast<uint32_t>(s.offset + 8 + i * size), element, false))
          return false;
    return true;
  }

  bool read_only() const { return section_ == Section::RoData || section_ == Section::RelRo; }
  bool next_reloc_inside(uint32_t offset, uint32_t size) const {
    return next_reloc_ < relocs_.size() && relocs_[next_reloc_].offset < offset + size;
  }

  bool content(uint32_t offset, TypeId type, bool slot) {
    bool has_reloc = next_reloc_ < relocs_.size() && relocs_[next_reloc_].offset <= offset + 7 &&
                     relocs_[next_reloc_].offset + 7 >= offset;
    if (types_.is_package(type))
      return package(offset, type, has_reloc);
    if (types_.is_integer(type) || types_.kind(type) == Kind::None) {
      // A relocation that touches this field is left over and refused at the end of the section.
      bool canonical = !slot || !types_.is_integer(type) || types_.word_size(type) == 8 ||
                       word(offset, 8) >> (8 * types_.word_size(type)) == 0;
      return canonical || fail(offset, "a canonical integer of type " + types_.print(type), "more bits");
    }
    if (!has_reloc) {
      auto value = static_cast<int64_t>(word(offset, 8));
      if ((types_.zero_is_legal(type) && value == 0) || types_.is_constant_of(type, value, value))
        return true;
      return fail(offset, types_.print(type), "no relocation");
    }
    const Reloc& r = relocs_[next_reloc_++];
    if (r.offset != offset || word(offset, 8) != 0)
      return fail(offset, "one relocation over zero bytes of the field", "another place or other bytes");
    const Symbol& target = symbols_[r.symbol];
    TypeId address = address_type(target);
    if (address == type)
      return true;
    if (!pay(offset, address, type))
      return false;
    if (target.kind == SymbolKind::Function && address && types_.tag(type) == TypeTag::Fn) // C35, at types that its own type shows
      address = types_.fn(types_.instantiate(target.type, types_.guess_arguments(target.type, types_.target(type))));
    if (!address || !types_.is_subtype(address, type))
      return fail(offset, types_.print(type), "the address of `" + target.name + "` of type " + types_.print(address));
    return true;
  }

  // T11: what is packed is an address, at hidden types that its own type shows, or a number.
  bool package(uint32_t offset, TypeId type, bool has_reloc) {
    TypeId address = has_reloc ? address_type(symbols_[relocs_[next_reloc_].symbol]) : types_.i64();
    auto [known, fresh] = packed_.try_emplace({type.value, address.value});
    if (fresh && !pay(offset, address, types_.named_type(types_.named_id(type)).body))
      return false;
    if (fresh && address)
      known->second = types_.open(type, types_.guess_hidden(type, address));
    const TypeId inside = known->second;
    if (!inside || types_.is_package(inside))
      return fail(offset, types_.print(type), "what cannot be in this package");
    return content(offset, inside, true);
  }

  // Neither runtime entry points nor descriptors are values: the former have no type.
  TypeId address_type(const Symbol& s) {
    if (s.kind == SymbolKind::Function)
      return types_.fn(s.type);
    return s.kind != SymbolKind::Desc || types_.tag(s.type) == TypeTag::Rep ? s.type : no_type;
  }

  ObjectFile& object_;
  TypeTable& types_;
  const std::vector<Symbol>& symbols_;
  std::vector<int64_t>& lengths_;
  VerifyError& error_;
  Section section_ = Section::None;
  std::span<const uint8_t> bytes_;
  std::span<const Reloc> relocs_;
  size_t next_reloc_ = 0;
  std::map<std::pair<uint32_t, uint32_t>, TypeId> packed_; // package and address: what is in it
  uint64_t budget_ = uint64_t{1} << 26;
};

} // namespace

bool check_static_data(ObjectFile& object, std::vector<int64_t>& static_length, VerifyError& error) {
  return StaticDataChecker(object, static_length, error).run();
}

} // namespace tal
