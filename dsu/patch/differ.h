// What changed between two versions of a program, module by module and name by name. docs/dsu.md says why each case is
// treated as it is.
#pragma once

#include "dsu/patch/version.h"

namespace dsu {

enum class ValueChange : uint8_t {
  Same,         // function: same type (its code may differ); data: shared in place; exception: shared
  Initializer,  // data of the same type whose initial value differs: shared, the old value stays; reported
  Retyped,      // function: a stub; data: converted; exception: a new one
  Kind,         // a function became a variable, or the like: both exist
  Added,
};

struct ValueDifference {
  std::string name;
  ValueChange change = ValueChange::Same;
  bool body_changed = false;           // functions
  std::string old_module, old_name;    // what it was; empty if it is new
  bool is_moved_from(const std::string& module) const { return !old_module.empty() && (old_module != module || old_name != name); }
};

enum class ModuleChange : uint8_t { Unchanged, Changed, Added, Removed };

struct ModuleDifference {
  std::string name;
  ModuleChange change = ModuleChange::Unchanged;
  std::vector<ValueDifference> values;  // of the new version
  std::vector<std::string> deleted;     // values of the old version only
};

struct TypeDifference {
  std::set<std::string> changed;  // in both versions, with another definition
  std::set<std::string> added, deleted;
};

// What the programmer says about names (`--rename`): old -> new. A field is `type.field`, with the type's old name; everything else
// goes by its name.
struct Renames {
  std::map<std::string, std::string> fields, names;

  // "conn.fd=sock" or "old=new". False: neither, or OLD is there already.
  bool add(const std::string& text);
  std::vector<std::string> texts() const;  // as add() takes them
  std::string new_name(const std::string& old) const {
    auto found = names.find(old);
    return found == names.end() ? old : found->second;
  }
};

struct Difference {
  TypeDifference types;
  Renames renames;
  std::vector<ModuleDifference> modules;  // in the order in which they depend on each other, most basic first

  bool is_empty() const;
  // Does a value of this type contain, or refer to by type, a changed type?
  bool mentions_changed(TypeRef type) const;
  std::string new_name(const std::string& old) const { return renames.new_name(old); }
  // The field of `type`, on the old side, that became `field`; the other way round with `back`.
  std::string old_field(const std::string& old_type, const std::string& field) const;
  std::string new_field(const std::string& old_type, const std::string& field) const;
};

Difference compare(const Version& before, const Version& after, Renames renames = {});

}  // namespace dsu
