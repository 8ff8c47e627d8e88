// Coding of descriptions. Names and types are tables at the beginning, everything else refers to them by number; a type refers to earlier
// types only, so that there are no cycles.
//
//   description ::= version:u8 names types declarations values imports suspensions
//   type        ::= kind:u8 flags:u8 [name] [element] args type_params depth index
//   declaration ::= name kind:u8 flags:u8 params fields hidden form[32]           field ::= name type is_const:u8
//   value       ::= name kind:u8 flags:u8 type fingerprint[32] uses
//   suspension  ::= function callee types values                                  all by number of the name
#include "dsu/pass/description.h"

#include <algorithm>
#include <cstring>

#include "tal/types.h"
#include "tal/write/byte_writer.h"

namespace dsu {

using frontend::TypeDeclKind;
using frontend::TypeKind;
using tal::ByteReader;
using tal::ByteWriter;

namespace {

constexpr uint8_t description_version = 1;
constexpr uint32_t max_height = 500;  // of a type: what reads descriptions walks types by recursion
// Types and names are written down once and used often: what a description says in full must not be more than its reader can bear.
constexpr size_t max_type_text = size_t{1} << 16, max_text = size_t{1} << 28;

enum TypeFlag : uint8_t { ReadOnly = 1, TypeNullable = 2, Stdcall = 4, HasName = 8, HasElement = 16 };
enum DeclarationFlag : uint8_t { DeclNullable = 1, IsAbstract = 2, IsDefined = 4 };
enum ValueFlag : uint8_t { IsStatic = 1, IsNested = 2 };

class Encoder {
public:
  explicit Encoder(const ModuleInfo& module) : module_(module) {}

  tal::Bytes encode() {
    list(module_.declarations, [&](const TypeInfo& t) { declaration(t); });
    list(module_.values, [&](const auto& v) { value(v.first, v.second); });
    names(module_.imports);
    list(module_.suspensions, [&](const Suspension& s) {
      name(s.function);
      name(s.callee);
      names(s.types);
      names(s.values);
    });
    ByteWriter all;
    all.u8(description_version);
    all.uleb(name_list_.size());
    for (const std::string& n : name_list_)
      all.string(n);
    all.uleb(types_.size());
    all.raw(type_table_.bytes());
    all.raw(out_.bytes());
    return all.take();
  }

private:
  template <class List, class Write> void list(const List& items, Write write) {
    out_.uleb(items.size());
    for (const auto& item : items)
      write(item);
  }
  uint32_t number_of(const std::string& n) {
    auto [place, is_new] = names_.emplace(n, static_cast<uint32_t>(name_list_.size()));
    if (is_new)
      name_list_.push_back(n);
    return place->second;
  }
  void name(const std::string& n) { out_.uleb(number_of(n)); }
  void names(const std::set<std::string>& set) {
    list(set, [&](const std::string& n) { name(n); });
  }

  uint32_t number_of(TypeRef t) {
    if (auto known = types_.find(t); known != types_.end())
      return known->second;
    ByteWriter row;
    row.u8(static_cast<uint8_t>(t->kind));
    row.u8(static_cast<uint8_t>((t->read_only ? ReadOnly : 0) | (t->nullable ? TypeNullable : 0) |
                                (t->convention == frontend::Convention::Stdcall ? Stdcall : 0) | (t->name.empty() ? 0 : HasName) |
                                (t->element ? HasElement : 0)));
    if (!t->name.empty())
      row.uleb(number_of(t->name));
    if (t->element)
      row.uleb(number_of(t->element));
    row.uleb(t->args.size());
    for (TypeRef arg : t->args)
      row.uleb(number_of(arg));
    row.uleb(t->type_params);
    row.uleb(t->depth);
    row.uleb(t->index);
    type_table_.raw(row.bytes());
    return types_.emplace(t, static_cast<uint32_t>(types_.size())).first->second;
  }
  void type(TypeRef t) { out_.uleb(number_of(t)); }

  void declaration(const TypeInfo& t) {
    name(t.name);
    out_.u8(static_cast<uint8_t>(t.kind));
    out_.u8(static_cast<uint8_t>((t.nullable ? DeclNullable : 0) | (t.is_abstract ? IsAbstract : 0) | (t.module.empty() ? 0 : IsDefined)));
    list(t.params, [&](const std::string& n) { name(n); });
    list(t.fields, [&](const FieldInfo& field) {
      name(field.name);
      type(field.type);
      out_.u8(field.is_const);
    });
    out_.uleb(t.hidden);
    out_.raw(t.form);
  }
  void value(const std::string& n, const ValueInfo& v) {
    name(n);
    out_.u8(static_cast<uint8_t>(v.kind));
    out_.u8(static_cast<uint8_t>((v.is_static ? IsStatic : 0) | (v.is_nested ? IsNested : 0)));
    type(v.type);
    out_.raw(v.fingerprint);
    names(v.uses);
  }

  const ModuleInfo& module_;
  ByteWriter out_, type_table_;
  std::map<std::string, uint32_t> names_;
  std::vector<std::string> name_list_;
  std::map<TypeRef, uint32_t> types_;
};

class Decoder {
public:
  Decoder(std::span<const uint8_t> bytes, TypeModel& model) : in_(bytes), model_(model) {}

  std::optional<ModuleInfo> decode(const std::string& module_name) {
    if (in_.u8() != description_version)
      return std::nullopt;
    names_.resize(in_.count(1));
    for (std::string& n : names_)
      n = in_.string();
    for (uint32_t left = in_.count(6); left > 0 && !in_.bad(); left--)
      read_type();
    ModuleInfo module;
    module.name = module_name;
    list(39, [&] {
      TypeInfo t = declaration(module_name);
      if (!t.module.empty())
        module.types.insert(t.name);
      module.declarations.push_back(std::move(t));
    });
    list(37, [&] {
      std::string n = name();
      ValueInfo v = value();
      module.values[std::move(n)] = std::move(v);
    });
    module.imports = names();
    list(4, [&] {
      Suspension s;
      s.function = name();
      s.callee = name();
      s.types = names();
      s.values = names();
      module.suspensions.push_back(std::move(s));
    });
    if (in_.bad() || !in_.at_end())
      return std::nullopt;
    return module;
  }

private:
  template <class Read> void list(size_t least, Read read) {
    for (uint32_t left = in_.count(least); left > 0 && !in_.bad(); left--)
      read();
  }
  template <class Enum> Enum kind(Enum last) {
    const uint8_t value = in_.u8();
    if (value > static_cast<uint8_t>(last))
      in_.fail();
    return static_cast<Enum>(in_.bad() ? 0 : value);
  }
  std::string name() {
    const uint32_t number = in_.uleb32();
    if (number < names_.size() && pay(names_[number].size() + 1))
      return names_[number];
    in_.fail();
    return "";
  }
  std::set<std::string> names() {
    std::set<std::string> set;
    list(1, [&] { set.insert(name()); });
    return set;
  }
  TypeRef type() {
    const uint32_t number = in_.uleb32();
    if (number < types_.size() && pay(extents_[number].text))
      return types_[number];
    in_.fail();
    return error_;
  }
  bool pay(size_t text) {
    const bool can = text <= text_left_;
    text_left_ -= can ? text : 0;
    return can;
  }

  struct Extent {
    uint32_t height = 0;
    size_t text = 1;  // about as long as it is when written in full
  };
  TypeRef part(Extent& of) {
    const uint32_t number = in_.uleb32();
    if (number >= types_.size() || extents_[number].height >= max_height || of.text + extents_[number].text > max_type_text) {
      in_.fail();
      return error_;
    }
    of.height = std::max(of.height, extents_[number].height + 1);
    of.text += extents_[number].text;
    return types_[number];
  }

  void read_type() {
    PatchType t;
    Extent extent;
    t.kind = kind(TypeKind::Exncon);
    const uint8_t flags = in_.u8();
    t.read_only = (flags & ReadOnly) != 0;
    t.nullable = (flags & TypeNullable) != 0;
    t.convention = (flags & Stdcall) != 0 ? frontend::Convention::Stdcall : frontend::Convention::Cdecl;
    if ((flags & HasName) != 0)
      t.name = name();
    extent.text += t.name.size();
    if ((flags & HasElement) != 0)
      t.element = part(extent);
    list(1, [&] { t.args.push_back(part(extent)); });
    t.type_params = in_.uleb32();
    t.depth = in_.uleb32();
    t.index = in_.uleb32();
    const bool needs_element = t.kind == TypeKind::Array || t.kind == TypeKind::ConstArray || t.kind == TypeKind::Function ||
                               t.kind == TypeKind::Rep || t.kind == TypeKind::Exncon;
    if (t.type_params > tal::max_type_vars || needs_element != (t.element != nullptr) || (t.kind == TypeKind::Named) == t.name.empty())
      in_.fail();
    types_.push_back(model_.intern(std::move(t)));
    extents_.push_back(extent);
  }

  TypeInfo declaration(const std::string& module_name) {
    TypeInfo t;
    t.name = name();
    t.kind = kind(TypeDeclKind::Abstract);
    const uint8_t flags = in_.u8();
    t.nullable = (flags & DeclNullable) != 0;
    t.is_abstract = (flags & IsAbstract) != 0;
    if ((flags & IsDefined) != 0)
      t.module = module_name;
    list(1, [&] { t.params.push_back(name()); });
    list(3, [&] {
      FieldInfo field;
      field.name = name();
      field.type = type();
      field.is_const = in_.u8() != 0;
      t.fields.push_back(std::move(field));
    });
    t.hidden = in_.uleb32();
    t.form = hash();
    if (t.hidden > tal::max_type_vars || (t.kind == TypeDeclKind::Abstype && t.fields.size() != 1))
      in_.fail();
    return t;
  }
  ValueInfo value() {
    ValueInfo v;
    v.kind = kind(DefinitionKind::Exception);
    const uint8_t flags = in_.u8();
    v.is_static = (flags & IsStatic) != 0;
    v.is_nested = (flags & IsNested) != 0;
    v.type = type();
    v.fingerprint = hash();
    v.uses = names();
    if (v.kind == DefinitionKind::Function && v.type->kind != TypeKind::Function)
      in_.fail();
    return v;
  }
  Hash hash() {
    Hash h{};
    if (std::span<const uint8_t> bytes = in_.raw(h.size()); !bytes.empty())
      std::memcpy(h.data(), bytes.data(), h.size());
    return h;
  }

  ByteReader in_;
  TypeModel& model_;
  TypeRef error_ = model_.intern({});
  std::vector<std::string> names_;
  std::vector<TypeRef> types_;
  std::vector<Extent> extents_;
  size_t text_left_ = max_text;
};

}  // namespace

Hash module_hash(const ModuleInfo& module) {
  ByteWriter out;
  out.string(module.name);
  for (const auto& [name, v] : module.values) {
    out.string(name);
    out.u8(static_cast<uint8_t>(v.kind));
    out.u8(v.is_static);
    out.raw(v.fingerprint);
  }
  std::map<std::string, const TypeInfo*> types;
  for (const TypeInfo& t : module.declarations)
    if (!t.module.empty())
      types[t.name] = &t;
  for (const auto& [name, t] : types) {
    out.string(name);
    out.u8(t->is_abstract ? 4 : 3);
    out.raw(t->form);
  }
  return sha256(out.bytes());
}

tal::Bytes encode_description(const ModuleInfo& module) { return Encoder(module).encode(); }

Manifest make_manifest(const ModuleInfo& module) { return {module.name, module.label, module.hash, encode_description(module), {}, {}}; }

std::optional<ModuleInfo> read_description(const Manifest& manifest, TypeModel& types) {
  std::optional<ModuleInfo> module = Decoder(manifest.description, types).decode(manifest.module);
  if (module) {
    module->label = manifest.label;
    module->hash = manifest.hash;
  }
  return module;
}

}  // namespace dsu
