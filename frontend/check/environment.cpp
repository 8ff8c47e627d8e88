// Names: collecting declarations, opening prefixes, resolving, and what to say about a name that is not there.

#include "frontend/check/environment.h"
#include "frontend/check/limits.h"

#include <algorithm>

#include "frontend/check/constant_eval.h"
#include "support/spelling.h"

namespace frontend {

using support::Diag;

std::optional<std::pair<uint32_t, uint32_t>> TypeVariables::find(Name name) const {
  for (size_t depth = 0; depth < binders_.size(); ++depth) {
    const std::vector<Name>& names = binders_[binders_.size() - 1 - depth];
    const auto found = std::ranges::find(names, name);
    if (found != names.end()) return std::pair(static_cast<uint32_t>(depth), static_cast<uint32_t>(found - names.begin()));
  }
  return std::nullopt;
}

TypeVariables TypeVariables::nested_in(const TypeVariables& around) {
  TypeVariables result;
  result.hidden_ = around.hidden_;
  if (!around.binders_.empty()) result.hidden_.insert(result.hidden_.end(), around.binders_.front().begin(), around.binders_.front().end());
  return result;
}

std::vector<Name> TypeVariables::visible() const {
  std::vector<Name> result;
  for (const std::vector<Name>& names : binders_) result.insert(result.end(), names.begin(), names.end());
  return result;
}

bool TypeVariables::is_hidden(Name name) const { return std::ranges::find(hidden_, name) != hidden_.end(); }

Environment::Environment(Session& session, typed::TypedModule& module) : session_(session), module_(module), types_(*module.types) {
  open_scopes_.emplace_back();
}

// ---------------------------------------------------------------- collecting

Name Environment::join(Name prefix, Name name) {
  if (prefix.empty()) return name;
  return session_.names.get(prefix.str() + "::" + name.str());
}

// Every qualifier of a declared name, so that `open` knows what it can lead to.
void Environment::note_prefixes(Name full) {
  std::string_view text = full.view();
  for (size_t at = text.rfind("::"); at != std::string_view::npos; at = text.rfind("::")) {
    text = text.substr(0, at);
    if (!known_prefixes_.insert(session_.names.get(text)).second) return;
  }
}

OpenScopeId Environment::push_open(Name prefix, OpenScopeId parent) {
  open_scopes_.push_back({parent, {prefix}});
  return OpenScopeId{static_cast<uint32_t>(open_scopes_.size() - 1)};
}

void Environment::collect(const ast::Module& module) {
  collect_list(module.decls, Name(), OpenScopeId());
  // A later `open B` also opens A::B for every prefix A opened before, if there is such a thing.
  for (size_t i = 1; i < open_scopes_.size(); ++i) {
    const Name opened = open_scopes_[i].prefixes[0];
    for (OpenScopeId s = open_scopes_[i].parent; s.value != 0; s = open_scopes_[s.value].parent) {
      for (const Name outer : std::vector<Name>(open_scopes_[s.value].prefixes)) {
        const Name inner = join(outer, opened);
        if (known_prefixes_.contains(inner)) open_scopes_[i].prefixes.push_back(inner);
      }
    }
  }
}

void Environment::collect_list(const ast::List<ast::Decl*>& decls, Name prefix, OpenScopeId opens) {
  for (const ast::Decl* decl : decls) {
    if (const auto* node = std::get_if<ast::PrefixDecl>(&decl->node)) {
      collect_list(node->members, join(prefix, node->prefix), opens);
      continue;
    }
    if (const auto* node = std::get_if<ast::OpenDecl>(&decl->node)) {
      collect_list(node->members, prefix, push_open(node->prefix, opens));
      continue;
    }
    const Name full = join(prefix, ast::declared_name(*decl));
    const PlacedDecl placed{decl, full, opens, prefix};
    if (full.view().size() > limits::kQualifiedName) {
      session_.diagnostics.report<Diag::NameTooLong>(decl->loc, std::to_string(full.view().size()), std::to_string(limits::kQualifiedName));
    }
    if (!full.empty()) note_prefixes(full);
    const bool is_value = std::holds_alternative<ast::FunctionDecl>(decl->node) || std::holds_alternative<ast::ValueDecl>(decl->node) ||
                          std::holds_alternative<ast::ExceptionDecl>(decl->node);
    if (is_value) {
      value_decls_.push_back(placed);
      continue;
    }
    if (const auto* node = std::get_if<ast::EnumDecl>(&decl->node)) {
      enums_.push_back({node, prefix, opens});
      for (const ast::Enumerator& e : node->enumerators) note_prefixes(join(prefix, e.name));
      if (node->name.empty()) continue;
    }
    TypeEntry& entry = type_names_[full];
    if (entry.decls.empty()) type_order_.push_back(full);
    entry.decls.push_back(placed);
  }
}

void Environment::declare_enumerators(const PendingEnum& pending) {
  int64_t next = 0;
  for (const ast::Enumerator& e : pending.decl->enumerators) {
    if (e.value) next = evaluate_constant(*this, *e.value, pending.opens).value_or(next);
    const Name full = join(pending.prefix, e.name);
    const auto [entry, is_new] = values_.try_emplace(full, Value{Value::Constant, {}, static_cast<int32_t>(next)});
    if (!is_new) session_.diagnostics.report<Diag::MultipleDefinitions>(e.loc, full.view());
    ++next;
  }
}

void Environment::declare_local(const ast::Decl& decl, TypeVariables& variables, OpenScopeId opens, std::vector<Name>& constants) {
  LocalDecl undo;
  TypeEntry entry;
  entry.state = TypeEntry::Resolved;
  entry.alias = kIntType;  // an enum
  Name name;
  if (const auto* node = std::get_if<ast::TypedefDecl>(&decl.node)) {
    name = node->name;
    entry.alias = type(*node->type, variables, opens);
    entry.owner = &variables;
  } else if (const auto* list = std::get_if<ast::EnumDecl>(&decl.node)) {
    name = list->name;
    int64_t next = 0;
    for (const ast::Enumerator& e : list->enumerators) {
      if (e.value) next = evaluate_constant(*this, *e.value, opens).value_or(next);
      const auto found = values_.find(e.name);
      undo.values.emplace_back(e.name, found == values_.end() ? std::nullopt : std::optional(found->second));
      values_[e.name] = Value{Value::Constant, {}, static_cast<int32_t>(next++)};
      constants.push_back(e.name);
    }
  }
  if (!name.empty()) {
    entry.decls.push_back({&decl, name, opens, Name()});
    const auto found = type_names_.find(name);
    undo.types.emplace_back(name, found == type_names_.end() ? std::nullopt : std::optional(found->second));
    type_names_[name] = std::move(entry);
  }
  local_decls_.push_back(std::move(undo));
}

void Environment::undo_local() {
  const auto restore = [](auto& map, auto& before) {
    for (size_t i = before.size(); i-- > 0;) {
      if (before[i].second) {
        map[before[i].first] = std::move(*before[i].second);
      } else {
        map.erase(before[i].first);
      }
    }
  };
  restore(type_names_, local_decls_.back().types);
  restore(values_, local_decls_.back().values);
  local_decls_.pop_back();
}

// ---------------------------------------------------------------- resolving

template <class Map>
typename Map::mapped_type* Environment::resolve(Map& map, Name name, OpenScopeId opens) {
  if (const auto found = map.find(name); found != map.end()) return &found->second;
  for (; opens.value != 0; opens = open_scopes_[opens.value].parent) {
    for (const Name prefix : open_scopes_[opens.value].prefixes) {
      if (const auto found = map.find(join(prefix, name)); found != map.end()) return &found->second;
    }
  }
  return nullptr;
}

const Environment::Value* Environment::find_value(Name name, OpenScopeId opens) { return resolve(values_, name, opens); }

Environment::TypeEntry* Environment::type_entry(Name name, OpenScopeId opens) { return resolve(type_names_, name, opens); }

std::optional<TypeDeclId> Environment::find_type(Name name, OpenScopeId opens) {
  TypeEntry* entry = type_entry(name, opens);
  if (!entry) return std::nullopt;
  if (entry->id.is_valid()) return entry->id;
  const TypeId aliased = alias(*entry, entry->decls.front().decl->loc);
  if (types_.kind(aliased) == TypeKind::Named) return types_.get(aliased).decl;
  return std::nullopt;
}

// ---------------------------------------------------------------- unbound names

namespace {

std::string_view last_part(std::string_view name) {
  const size_t at = name.rfind("::");
  return at == std::string_view::npos ? name : name.substr(at + 2);
}

}  // namespace

// A qualified name of which this is the last part, or else the nearest spelling.
void suggest(support::Diagnostics::Builder report, Name name, const std::vector<Name>& candidates) {
  std::string_view qualified;
  std::vector<std::string_view> spellings;
  for (const Name candidate : candidates) {
    const std::string_view text = candidate.view();
    spellings.push_back(text);
    if (text != name.view() && last_part(text) == name.view() && (qualified.empty() || text < qualified)) qualified = text;
  }
  if (!qualified.empty()) {
    report.note<Diag::SuggestOpen>(SourceLoc(), qualified, qualified.substr(0, qualified.rfind("::")));
  } else if (const std::string_view nearest = support::nearest_spelling(name.view(), spellings); !nearest.empty()) {
    report.note<Diag::SuggestName>(SourceLoc(), nearest);
  }
}

void suggest_field(support::Diagnostics::Builder report, Name name, const TypeDecl& decl) {
  report.note<Diag::DeclaredHere>(decl.loc, decl.name.view());
  std::vector<Name> candidates;
  for (const Field& field : decl.fields) candidates.push_back(field.name);
  suggest(report, name, candidates);
}

void Environment::report_unbound(SourceLoc loc, Name name, const std::vector<Name>& locals) {
  if (!reported_names_.insert(name).second) return;
  std::vector<Name> candidates = locals;
  for (const auto& [known, value] : values_) candidates.push_back(known);
  for (const std::string_view word : {"chr", "false", "null", "ord", "size", "sprintf", "true"}) candidates.push_back(session_.names.get(word));
  suggest(session_.diagnostics.report<Diag::UnboundName>(loc, name.view()), name, candidates);
}

void Environment::report_enclosing_local(SourceLoc loc, Name name, SourceLoc declared) {
  if (!reported_names_.insert(name).second) return;
  session_.diagnostics.report<Diag::EnclosingLocal>(loc, name.view()).note<Diag::DeclaredHere>(declared, name.view());
}

void Environment::report_unknown_type(SourceLoc loc, Name name, const TypeVariables* variables) {
  if (!reported_names_.insert(session_.names.get("type " + name.str())).second) return;
  std::vector<Name> candidates = variables ? variables->visible() : std::vector<Name>();
  candidates.insert(candidates.end(), type_order_.begin(), type_order_.end());
  for (const std::string_view word : {"array", "bool", "byte", "char", "double", "exn", "exncon", "float", "int", "long", "short", "string", "unsigned", "void"}) {
    candidates.push_back(session_.names.get(word));
  }
  suggest(session_.diagnostics.report<Diag::UnknownType>(loc, name.view()), name, candidates);
}

}  // namespace frontend
