// Nodes, local names and conversions.

#include "frontend/check/body_checker.h"

namespace frontend {

using support::Diag;

BodyChecker::BodyChecker(Environment& env, OpenScopeId opens, std::vector<Name> type_params, typed::Body& body, Name name, const BodyChecker* enclosing)
    : env_(env),
      types_(env.types()),
      diagnostics_(env.session().diagnostics),
      unifier_(env.types()),
      body_(body),
      opens_(opens),
      variables_(std::move(type_params), enclosing ? TypeVariables::nested_in(enclosing->variables_).hidden() : std::vector<Name>()),
      name_(name),
      enclosing_(enclosing) {
  if (!enclosing) return;
  for (const auto& [known, binding] : enclosing->bindings_) {
    if (binding.function.is_valid()) bindings_[known] = binding;
  }
}

// ---------------------------------------------------------------- nodes

typed::ExprId BodyChecker::add(SourceLoc loc, TypeId type, typed::ExprNode node) {
  if (types_.get(type).has_infer) type = limited(unifier_.known_part(type), loc);
  body_.exprs.push_back({type, loc, std::move(node)});
  return ExprId{static_cast<uint32_t>(body_.exprs.size() - 1)};
}

typed::StmtId BodyChecker::add_stmt(SourceLoc loc, typed::StmtNode node) {
  body_.stmts.push_back({loc, std::move(node)});
  return StmtId{static_cast<uint32_t>(body_.stmts.size() - 1)};
}

namespace {

template <class T>
typed::List<T> append(std::vector<T>& pool, const std::vector<T>& items) {
  const typed::List<T> list{static_cast<uint32_t>(pool.size()), static_cast<uint32_t>(items.size())};
  pool.insert(pool.end(), items.begin(), items.end());
  return list;
}

}  // namespace

typed::List<typed::ExprId> BodyChecker::list(const std::vector<ExprId>& ids) { return append(body_.expr_pool, ids); }
typed::List<typed::StmtId> BodyChecker::list(const std::vector<StmtId>& ids) { return append(body_.stmt_pool, ids); }
typed::List<TypeId> BodyChecker::list(const std::vector<TypeId>& ids) { return append(body_.type_pool, ids); }

typed::StmtId BodyChecker::block(SourceLoc loc, const std::vector<StmtId>& stmts) { return add_stmt(loc, typed::Block{list(stmts)}); }

// Types grow by inference, too, without anything large being written.
TypeId BodyChecker::limited(TypeId type, SourceLoc loc) {
  if (!env_.is_too_large(type)) return type;
  if (!has_large_type_) env_.report_too_large(type, loc);
  has_large_type_ = true;
  return kErrorType;
}

std::string BodyChecker::show(TypeId type) {
  if (unifier_.is_open_option(type)) return "null";
  const TypeId known = unifier_.known_part(type);
  return env_.is_too_large(known) ? ".." : types_.print(known, variables_.outermost());
}

// ---------------------------------------------------------------- locals

typed::LocalId BodyChecker::add_local(Name name, TypeId type, SourceLoc loc) {
  body_.locals.push_back({name, type, loc, false, false});
  return LocalId{static_cast<uint32_t>(body_.locals.size() - 1)};
}

typed::ExprId BodyChecker::read_local(LocalId local, SourceLoc loc) { return add(loc, body_.locals[local.value].type, typed::LocalRef{local}); }

void BodyChecker::bind(Name name, Binding binding) {
  Binding& place = bindings_[name];
  shadowed_.emplace_back(name, place);
  place = binding;
}

const BodyChecker::Binding* BodyChecker::find_binding(Name name) const {
  const auto found = bindings_.find(name);
  return found != bindings_.end() && found->second.is_valid() ? &found->second : nullptr;
}

void BodyChecker::close_scope(size_t mark) {
  while (shadowed_.size() > mark) {
    const auto [name, before] = shadowed_.back();
    shadowed_.pop_back();
    if (name.empty()) {
      env_.undo_local();
      continue;
    }
    if (before.is_valid()) {
      bindings_[name] = before;
    } else {
      bindings_.erase(name);
    }
  }
}

TypeId BodyChecker::declared_type(const ast::Type& syntax) {
  return env_.type(syntax, variables_, opens_);
}

// The type of a local declaration, in which `_` is to be inferred.
TypeId BodyChecker::local_type(const ast::Type& syntax) {
  env_.infer_wildcard = [this] { return unifier_.fresh(Unifier::Class::Any); };
  const TypeId type = declared_type(syntax);
  env_.infer_wildcard = nullptr;
  return type;
}

// ---------------------------------------------------------------- conversions

namespace {

unsigned bits_of(const TypeStore& types, TypeId type) { return 8 * types.byte_size(type); }

uint64_t low_bits(uint64_t value, unsigned bits) { return bits >= 64 ? value : value & ((uint64_t{1} << bits) - 1); }

}  // namespace

// Literals are converted on the spot; everything else at run time.
typed::ExprId BodyChecker::convert_number(ExprId id, TypeId target, bool truncate) {
  const TypeId from = type_of(id);
  if (from == target) return id;
  const auto* literal = std::get_if<typed::IntLiteral>(&body_.exprs[id.value].node);
  if (literal && types_.is_integer(target)) {
    const unsigned bits = bits_of(types_, from);
    uint64_t value = literal->value;
    const bool is_negative = types_.is_signed(from) && bits < 64 && (value >> (bits - 1)) != 0;
    if (is_negative) value |= ~uint64_t{0} << bits;
    return add(loc_of(id), target, typed::IntLiteral{low_bits(value, bits_of(types_, target))});
  }
  return add(loc_of(id), target, typed::Convert{id, truncate});
}

void BodyChecker::warn_if_rounds(SourceLoc loc, TypeId from, TypeId target) {
  if (types_.is_floating(from) && types_.is_integer(target) && env_.session().options.warn_all) {
    diagnostics_.report<Diag::ImplicitFloatToInteger>(loc, show(from), show(target));
  }
}

namespace {

// The value that `bits` stands for in an integer type of so many bits.
int64_t value_in(uint64_t bits, unsigned width, bool is_signed) {
  const unsigned unused = 64 - width;
  return is_signed ? static_cast<int64_t>(bits << unused) >> unused : static_cast<int64_t>(low_bits(bits, width));
}

}  // namespace

// Literals are taken as bit patterns: 200 as a byte is -56, -1 as a char 255, and nothing is lost.
void BodyChecker::warn_if_loses_bits(ExprId id, TypeId target) {
  const auto* literal = std::get_if<typed::IntLiteral>(&body_.exprs[id.value].node);
  if (!env_.session().options.warn_all || !literal || !types_.is_integer(target)) return;
  const TypeId from = type_of(id);
  const int64_t value = value_in(literal->value, bits_of(types_, from), types_.is_signed(from));
  const unsigned width = bits_of(types_, target);
  if (value == value_in(literal->value, width, true) || value == value_in(literal->value, width, false)) return;
  diagnostics_.report<Diag::LiteralLosesBits>(loc_of(id), std::to_string(value), show(target),
                                              std::to_string(value_in(literal->value, width, types_.is_signed(target))));
}

bool BodyChecker::convert(ExprId& id, TypeId target) {
  target = unifier_.prune(target);
  const TypeId from = type_of(id);
  if (from == target) return true;
  if (types_.is_numeric(from) && types_.is_numeric(target)) {
    warn_if_loses_bits(id, target);
    warn_if_rounds(loc_of(id), from, target);
    id = convert_number(id, target);
    return true;
  }
  const Type& a = types_.get(from);
  const Type& b = types_.get(target);
  if (a.kind == TypeKind::ConstArray && b.kind == TypeKind::ConstArray && !a.nullable && b.nullable && a.index == b.index) {
    if (!unifier_.unify(a.element, b.element)) return false;
    id = add(loc_of(id), target, typed::Coerce{id});
    return true;
  }
  const bool to_read_only = a.kind == TypeKind::Tuple && b.kind == TypeKind::Tuple && !a.read_only && b.read_only;
  if (!to_read_only) return unifier_.unify(from, target);
  if (!unifier_.unify(types_.tuple(a.args, true), target)) return false;
  id = add(loc_of(id), target, typed::Coerce{id});
  return true;
}

// A polymorphic function where one of its instances is wanted.
bool BodyChecker::report_not_instantiated(ExprId id, TypeId target) {
  const auto* named = std::get_if<typed::FunctionRef>(&body_.exprs[id.value].node);
  const Type& wanted = types_.get(unifier_.prune(target));
  if (!named || types_.get(type_of(id)).type_params == 0 || wanted.kind != TypeKind::Function || wanted.type_params != 0) return false;
  diagnostics_.report<Diag::PolymorphicNotInstantiated>(loc_of(id), written_name(env_.module().symbols[named->symbol.value]));
  return true;
}

// Double, float, then the wider of the integer types; narrow ones meet in int.
TypeId BodyChecker::common_type(TypeId a, TypeId b) const {
  if (a == b) return a;
  for (const TypeId wide : {kDoubleType, kFloatType, kULongType, kLongType, kUIntType}) {
    if (a == wide || b == wide) return wide;
  }
  return kIntType;
}

TypeId BodyChecker::known_number(ExprId id) {
  const TypeId type = type_of(id);
  if (types_.kind(type) == TypeKind::Infer && unifier_.unify(type, kIntType)) return kIntType;
  return types_.is_numeric(type) ? type : kErrorType;
}

// ---------------------------------------------------------------- functions and initializers

void BodyChecker::check_function(const ast::FunctionDecl& function, TypeId type_id, typed::Function& out) {
  const auto& syntax = std::get<ast::FunctionType>(function.type->node);
  const Type& type = types_.get(type_id);
  if (type.kind != TypeKind::Function) return;  // reported
  result_type_ = out.result = type.element;
  for (size_t i = 0; i < syntax.params.size(); ++i) {
    const ast::Param& param = syntax.params[i];
    const LocalId local = add_local(param.name, type.args[i], param.loc);
    body_.locals[local.value].is_param = true;
    out.params.push_back(local);
    if (const Binding* before = find_binding(param.name); before && before->local.is_valid()) {
      diagnostics_.report<Diag::DuplicateParameter>(param.loc, param.name.view());
    }
    bind(param.name, local);
  }
  const auto& block_syntax = std::get<ast::BlockStmt>(function.body->node);
  out.end_loc = block_syntax.end;
  out.block = check_nested(*function.body);
}

typed::ExprId BodyChecker::check_initializer(const ast::Expr* init, TypeId type, const ast::Type& syntax, Name name, SourceLoc loc) {
  if (!init) {
    default_nodes_ = 0;
    return default_value(type, &syntax, name, loc);
  }
  const ExprId value = check(*init, type);
  return expect(value, type, [&](const std::string& got, const std::string& expected) {
    diagnostics_.report<Diag::InitializerType>(loc_of(value), name.view(), expected, got);
  });
}

void BodyChecker::finish() {
  bool unknown_null = false;
  for (typed::Expr& e : body_.exprs) {
    e.type = limited(unifier_.resolve(e.type), e.loc);
    if (types_.get(e.type).has_infer && !unknown_null) {
      unknown_null = true;
      if (!diagnostics_.has_errors()) diagnostics_.report<Diag::UnknownNull>(e.loc);
    }
    if (types_.get(e.type).has_infer) e.type = kErrorType;
    if (auto* compound = std::get_if<typed::CompoundAssign>(&e.node)) compound->compute_type = unifier_.resolve(compound->compute_type);
  }
  for (typed::Local& local : body_.locals) local.type = limited(unifier_.resolve(local.type), local.loc);
  for (TypeId& type : body_.type_pool) type = unifier_.resolve(type);
}

}  // namespace frontend
