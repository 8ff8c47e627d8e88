// The types of all modules of a program in one table, where equality is equality of ids (rules L2, L10).
//
// A module knows an abstract type of another module by its name only. Here that name is replaced by the definition: the
// link check sees through abstract types, so whatever it compares it compares in full, hidden layouts included. Two providers
// of one name, or two versions of one provider, are told apart by what they define. The definition that an importer gets is
// the one of the latest modules loaded before or with it; it never changes.
#pragma once

#include "tal/interface.h"

#include <map>
#include <memory>
#include <set>

namespace tal {

class LinkTypes {
public:
  // `generations[m]`: when module m was loaded, ascending; of modules that have none the first.
  bool load(std::span<const Interface* const> modules, std::span<const uint32_t> generations, const NativeInterface& natives,
            std::vector<LinkProblem>& problems);

  TypeTable& table() { return table_; }
  const TypeTable& table() const { return table_; }
  TypeId type(uint32_t module, uint32_t symbol) const { return types_[module][symbol]; }
  TypeId native(TypeId type); // of the native interface
  const std::set<uint32_t>& providers(uint32_t module) const { return sources_[module + 1].providers; } // of its abstract types

private:
  struct Source {
    const TypeTable& types;
    std::string module;
    uint32_t generation = 0;
    std::unique_ptr<TypeImporter> importer;
    std::set<uint32_t> providers = {};
  };
  struct Provider {
    size_t source = 0;
    NamedId type;
  };
  bool fail(const Source& source, std::string text, std::vector<LinkProblem>& problems) const;
  void declare();
  bool bind_abstract(Source& source, NamedId id, std::vector<LinkProblem>& problems);
  bool define(std::vector<LinkProblem>& problems);
  bool unify(std::vector<LinkProblem>& problems);

  std::vector<Source> sources_;               // the native interface, then the modules
  std::map<std::string, std::vector<Provider>> providers_;
  TypeTable all_;                             // every named type of every source, equal ones several times
  TypeTable table_;
  std::unique_ptr<TypeImporter> unified_;
  std::vector<std::vector<TypeId>> types_;
};

} // namespace tal
