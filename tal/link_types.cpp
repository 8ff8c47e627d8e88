#include "tal/link_types.h"

#include <algorithm>

namespace tal {

bool LinkTypes::fail(const Source& source, std::string text, std::vector<LinkProblem>& problems) const {
  problems.push_back({"L2", source.module, "", std::move(text)});
  return false;
}

bool LinkTypes::load(std::span<const Interface* const> modules, std::span<const uint32_t> generations,
                     const NativeInterface& natives, std::vector<LinkProblem>& problems) {
  auto add = [&](const TypeTable& types, std::string name, uint32_t generation) {
    sources_.push_back({types, std::move(name), generation, std::make_unique<TypeImporter>(types, all_, true)});
  };
  add(natives.types, "", 0);
  for (size_t m = 0; m < modules.size(); m++)
    add(modules[m]->types, modules[m]->module, m < generations.size() ? generations[m] : 0);
  declare();
  if (!define(problems) || !unify(problems))
    return false;
  for (size_t m = 0; m < modules.size(); m++) {
    types_.emplace_back();
    for (const InterfaceSymbol& s : modules[m]->symbols) {
      TypeId type = unified_->import(sources_[m + 1].importer->import(s.type));
      if (s.type && !type) {
        problems.push_back({"L2", modules[m]->module, s.name, "a type that does not fit the limits, or an abstract type used as its definition does not allow"});
        return false;
      }
      types_.back().push_back(type);
    }
  }
  return true;
}

TypeId LinkTypes::native(TypeId type) { return unified_->import(sources_[0].importer->import(type)); }

void LinkTypes::declare() {
  for (size_t s = 0; s < sources_.size(); s++)
    for (uint32_t i = 0; i < sources_[s].types.named_count(); i++) {
      const NamedType& type = sources_[s].types.named_type(NamedId{i});
      if (type.sort == NamedSort::Abstract)
        continue;
      NamedId id = all_.declare(type.name, type.params, type.sort, type.abstract_kind, type.hidden);
      sources_[s].importer->bind(NamedId{i}, id);
      if (type.provided)
        providers_[type.name].push_back({s, id});
    }
}

// L10: the definition of the latest generation that is not younger than the importer; one module gives it.
bool LinkTypes::bind_abstract(Source& source, NamedId id, std::vector<LinkProblem>& problems) {
  const NamedType& type = source.types.named_type(id);
  const Provider* found = nullptr;
  static const std::vector<Provider> none;
  const bool of_runtime = &source == &sources_[0]; // what natives take is what natives made, whatever modules define
  for (const Provider& p : of_runtime ? none : providers_[type.name]) {
    uint32_t generation = sources_[p.source].generation;
    if (generation > source.generation || (found != nullptr && generation < sources_[found->source].generation))
      continue;
    if (found != nullptr && generation == sources_[found->source].generation) {
      problems.push_back({"L10", source.module, type.name,
                          "the abstract type is defined in " + sources_[found->source].module + " and in " + sources_[p.source].module});
      return false;
    }
    found = &p;
  }
  if (found != nullptr)
    source.providers.insert(static_cast<uint32_t>(found->source) - 1);
  // Of the runtime, or of nobody: a type of which there is nothing to know.
  source.importer->bind(id, found != nullptr ? found->type : all_.declare(type.name, type.params, type.sort, type.abstract_kind));
  return true;
}

bool LinkTypes::define(std::vector<LinkProblem>& problems) {
  for (Source& source : sources_)
    for (uint32_t i = 0; i < source.types.named_count(); i++)
      if (source.types.named_type(NamedId{i}).sort == NamedSort::Abstract && !bind_abstract(source, NamedId{i}, problems))
        return false;
  for (Source& source : sources_)
    for (uint32_t i = 0; i < source.types.named_count(); i++)
      if (!source.importer->import_definition(NamedId{i}))
        return fail(source, "the type `" + source.types.named_type(NamedId{i}).name +
                                "` does not fit the limits, or uses an abstract type as its definition does not allow", problems);
  return true;
}

// L2: equal types become one.
bool LinkTypes::unify(std::vector<LinkProblem>& problems) {
  std::vector<NamedId> same = all_.find_equal_named();
  if (same.size() != all_.named_count())
    return fail(sources_[0], "the types of the program are too large to compare", problems);
  unified_ = std::make_unique<TypeImporter>(all_, table_);
  std::vector<NamedId> made(same.size());
  for (uint32_t i = 0; i < same.size(); i++) {
    const NamedType& type = all_.named_type(NamedId{i});
    if (same[i].value == i)
      made[i] = table_.declare(type.name, type.params, type.sort, type.abstract_kind, type.hidden);
    unified_->bind(NamedId{i}, made[same[i].value]);
  }
  for (uint32_t i = 0; i < same.size(); i++)
    if (same[i].value == i && !unified_->import_definition(NamedId{i}))
      return fail(sources_[0], "the type `" + all_.named_type(NamedId{i}).name + "` does not fit the limits", problems);
  return true;
}

} // namespace tal
