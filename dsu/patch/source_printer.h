// Popcorn source text for types and declarations of either version. In interface code an old type has its plain name and a
// new one, where it differs, the prefix `New::`.
#pragma once

#include "dsu/patch/differ.h"

namespace dsu {

enum class Side : uint8_t { Old, New };
inline Side other(Side side) { return side == Side::Old ? Side::New : Side::Old; }

class SourcePrinter {
public:
  SourcePrinter(const Version& before, const Version& after, const Difference& difference)
      : before_(before), after_(after), difference_(difference) {}

  std::string type_name(const std::string& name, Side side) const {
    return side == Side::New && difference_.types.changed.contains(name) ? "New::" + name : name;
  }
  std::string type(TypeRef type, Side side) const { return declaration(type, "", side); }
  // `declarator` declared at `type`: "int a[]", "bool f(string)".
  std::string declaration(TypeRef type, std::string declarator, Side side) const { return declaration(type, std::move(declarator), side, 0); }
  // A function header with named parameters: `void add(Statistics::total v0)`.
  std::string header(TypeRef function, const std::string& name, Side side) const;

  // `extern struct ...` of one type; empty if it is not known.
  std::string extern_type(const std::string& name, Side side) const;
  // Names of all types that `type` needs declared, itself included.
  void reach(TypeRef type, Side side, std::set<std::string>& names) const;

  // A value that a new field or a global can start with; nothing if the type has none (functions, exceptions, abstract types).
  std::optional<std::string> default_value(TypeRef type, Side side, unsigned depth = 0) const;

  const TypeInfo* info(const std::string& name, Side side) const {
    return (side == Side::New ? after_ : before_).find_type(name);
  }

private:
  // `binders`: the polymorphic function types around.
  std::string declaration(TypeRef type, std::string declarator, Side side, uint32_t binders) const;
  std::string change_of(const std::string& type, const FieldInfo& field) const;

  const Version& before_;
  const Version& after_;
  const Difference& difference_;
};

}  // namespace dsu
