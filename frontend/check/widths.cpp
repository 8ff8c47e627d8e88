#include "frontend/check/widths.h"

#include <algorithm>
#include <bit>
#include <unordered_map>
#include <utility>
#include <vector>

#include "frontend/check/environment.h"

namespace frontend {

using support::Diag;

namespace {

constexpr uint64_t bit(uint32_t index) { return index < 64 ? uint64_t{1} << index : 0; }

class Widths {
 public:
  Widths(Session& session, typed::TypedModule& module) : session_(session), module_(module), types_(*module.types) {}

  void run() {
    solve_declarations();
    for (typed::Symbol& symbol : module_.symbols) {
      if (symbol.kind == typed::SymbolKind::Function) symbol.width_params = signature_needs(symbol.type);
    }
    for (const typed::Function& function : module_.functions)
      if (!function.type_params.empty()) symbol(function.symbol).width_params |= body_needs(function);
    solve_calls();
    report();
  }

 private:
  typed::Symbol& symbol(typed::SymbolId id) { return module_.symbols[id.value]; }

  // The variables Var(depth, i) of which `type` has arrays, directly or as an argument of a type that has.
  uint64_t needs(TypeId id, uint32_t depth = 0) {
    const Type& type = types_.get(id);
    if (type.free_depth <= depth) return 0;
    const uint64_t key = uint64_t{id.value} << 32 | depth;
    if (const auto known = known_.find(key); known != known_.end()) return known->second;
    uint64_t result = 0;
    const auto direct = [&](TypeId part) {
      const Type& variable = types_.get(part);
      if (variable.kind == TypeKind::Var && variable.depth == depth) result |= bit(variable.index);
    };
    if (type.kind == TypeKind::Array || type.kind == TypeKind::ConstArray) direct(type.element);
    if (type.kind == TypeKind::Tuple && type.args.size() == 1) direct(type.args[0]);  // points at a variable or field of exactly that width
    const uint32_t inner = depth + (type.kind == TypeKind::Function && type.type_params != 0 ? 1 : 0);
    for (uint32_t i = 0; i < type.args.size(); ++i) {
      if (type.kind == TypeKind::Named && (wanted_params(type.decl) & bit(i)) != 0) direct(type.args[i]);
      result |= needs(type.args[i], inner);
    }
    if (type.element != kErrorType) result |= needs(type.element, inner);
    known_[key] = result;
    return result;
  }

  // A declaration means the same in every module: one that mentions an abstract type takes the others' view of it, also where it is defined.
  uint64_t wanted_params(TypeDeclId id) const {
    const TypeDecl& decl = types_.decl(id);
    return declaration_.is_valid() && id != declaration_ && decl.scope == Scope::Abstract ? ~uint64_t{0} : decl.width_params;
  }

  uint64_t signature_needs(TypeId function) {
    const Type& type = types_.get(function);
    if (type.kind != TypeKind::Function || type.type_params == 0) return 0;
    uint64_t result = needs(type.element);
    for (TypeId arg : type.args) result |= needs(arg);
    return result;
  }

  uint64_t declaration_needs(const TypeDecl& decl) {
    if (decl.kind == TypeDeclKind::Abstract) return ~uint64_t{0};
    uint64_t result = decl.kind == TypeDeclKind::Abstype ? needs(decl.representation) : 0;
    for (const Field& field : decl.fields) result |= needs(field.type);
    return result;
  }

  void solve_declarations() {
    for (bool changed = true; changed;) {
      changed = false;
      for (TypeDeclId id : module_.type_decls) {
        known_.clear();
        declaration_ = id;
        TypeDecl& decl = types_.decl(id);
        const uint64_t mask = decl.params.size() < 64 ? bit(static_cast<uint32_t>(decl.params.size())) - 1 : ~uint64_t{0};
        const uint64_t found = declaration_needs(decl) & mask;
        changed |= found != decl.width_params;
        decl.width_params = found;
      }
    }
    known_.clear();
    declaration_ = {};
  }

  uint64_t body_needs(const typed::Function& function) {
    uint64_t result = 0;
    for (const typed::Expr& e : function.body.exprs) result |= needs(e.type);
    for (const typed::Local& local : function.body.locals) result |= needs(local.type);
    for (TypeId type : function.body.type_pool) result |= needs(type);
    return result;
  }

  uint64_t call_needs(const typed::Function& function) {
    uint64_t result = 0;
    for (const typed::Expr& e : function.body.exprs) {
      const auto* callee = std::get_if<typed::FunctionRef>(&e.node);
      if (!callee || symbol(callee->symbol).width_params == 0) continue;
      const auto args = function.body.list(callee->type_args);
      for (uint32_t i = 0; i < args.size(); ++i) {
        const Type& arg = types_.get(args[i]);
        if ((symbol(callee->symbol).width_params & bit(i)) != 0 && arg.kind == TypeKind::Var && arg.depth == 0) result |= bit(arg.index);
      }
    }
    return result;
  }

  void solve_calls() {
    for (bool changed = true; changed;) {
      changed = false;
      for (const typed::Function& function : module_.functions) {
        if (function.type_params.empty()) continue;
        uint64_t& known = symbol(function.symbol).width_params;
        const uint64_t found = known | call_needs(function);
        changed |= found != known;
        known = found;
      }
    }
  }

  // ---- what cannot be represented

  // A polymorphic function as a value is one address: it cannot have an entry for each width.
  bool has_wide_binder(TypeId id) {
    if (id.value < wide_binder_.size() && wide_binder_[id.value] != Answer::Unknown) return wide_binder_[id.value] == Answer::Yes;
    const Type& type = types_.get(id);
    bool result = signature_needs(id) != 0;
    for (TypeId arg : type.args) result = result || has_wide_binder(arg);
    result = result || (type.element != kErrorType && has_wide_binder(type.element));
    if (id.value >= wide_binder_.size()) wide_binder_.resize(id.value + 1);
    wide_binder_[id.value] = result ? Answer::Yes : Answer::No;
    return result;
  }

  // In the target language the variables of a function, those that `with` names in it and those of a function type that mentions them are
  // counted together. Types of fields are seen with the variables of the function that uses the field.
  uint32_t bound_in_fields() const {
    uint32_t most = 0;
    for (TypeDeclId id : module_.type_decls) {
      const TypeDecl& decl = types_.decl(id);
      for (const Field& field : decl.fields) most = std::max(most, types_.get(field.type).bound_inside);
      if (decl.kind == TypeDeclKind::Abstype) most = std::max(most, types_.get(decl.representation).bound_inside);
    }
    return most;
  }

  void report_variables(const typed::Body& body, size_t visible, uint32_t bound, SourceLoc loc) {
    for (const typed::Stmt& stmt : body.stmts) {
      if (const auto* with = std::get_if<typed::With>(&stmt.node)) visible = std::max<size_t>(visible, with->first_hidden + with->hidden_count);
    }
    for (const typed::Local& local : body.locals) bound = std::max(bound, types_.get(local.type).bound_inside);
    for (const typed::Expr& e : body.exprs) bound = std::max(bound, types_.get(e.type).bound_inside);
    if (bound != 0 && visible + bound > kMaxTypeVariables) session_.diagnostics.report<Diag::TooManyTypeVariables>(loc);
  }

  void report_type(TypeId type, SourceLoc loc, TypeParamNames names) {
    if (has_wide_binder(type) && reported_.emplace(type.value, true).second) {
      session_.diagnostics.report<Diag::PolymorphicValueWidth>(loc, types_.print(type, names));
    }
  }

  void report_body(const typed::Body& body, TypeParamNames names) {
    for (const typed::Local& local : body.locals) report_type(local.type, local.loc, names);
    for (const typed::Expr& e : body.exprs) {
      report_type(e.type, e.loc, names);
      const auto* function = std::get_if<typed::FunctionRef>(&e.node);
      const bool is_value = function && types_.get(e.type).type_params != 0;
      if (is_value && symbol(function->symbol).width_params != 0 && !has_wide_binder(e.type)) {
        session_.diagnostics.report<Diag::PolymorphicValueWidth>(e.loc, types_.print(e.type, names));
      }
    }
  }

  void report_hidden(const TypeDecl& decl) {
    const uint64_t found = needs(decl.representation);
    for (size_t i = 0; i < decl.hidden_params.size(); ++i) {
      if ((found & bit(static_cast<uint32_t>(decl.params.size() + i))) != 0) {
        session_.diagnostics.report<Diag::HiddenWidth>(decl.loc, decl.name.view(), decl.hidden_params[i].view());
      }
    }
  }

  void report() {
    const uint32_t bound = bound_in_fields();
    for (TypeDeclId id : module_.type_decls) {
      const TypeDecl& decl = types_.decl(id);
      for (const Field& field : decl.fields) report_type(field.type, field.loc, decl.params);
      if (decl.params.size() + decl.hidden_params.size() + bound > kMaxTypeVariables && bound != 0) session_.diagnostics.report<Diag::TooManyTypeVariables>(decl.loc);
      if (decl.kind == TypeDeclKind::Abstype) report_hidden(decl);
    }
    for (const typed::Function& function : module_.functions) {
      const typed::Symbol& defined = symbol(function.symbol);
      const int count = std::popcount(defined.width_params);
      if (count > static_cast<int>(kMaxWidthParams)) {
        session_.diagnostics.report<Diag::TooManyWidths>(function.loc, defined.name.view(), std::to_string(count), std::to_string(kMaxWidthParams));
      }
      report_body(function.body, function.type_params);
      report_variables(function.body, function.type_params.size(), bound, function.loc);
    }
    for (const typed::Global& global : module_.globals) {
      report_type(symbol(global.symbol).type, global.loc, {});
      report_body(global.body, {});
      report_variables(global.body, 0, std::max(bound, types_.get(symbol(global.symbol).type).bound_inside), global.loc);
    }
  }

  Session& session_;
  typed::TypedModule& module_;
  TypeStore& types_;
  TypeDeclId declaration_;                              // whose parameters are being looked at
  std::unordered_map<uint64_t, uint64_t> known_;        // needs(), by type and depth
  enum class Answer : uint8_t { Unknown, No, Yes };
  std::vector<Answer> wide_binder_;                     // has_wide_binder(), by type: asked for every expression
  std::unordered_map<uint32_t, bool> reported_;
};

}  // namespace

void infer_widths(Session& session, typed::TypedModule& module) { Widths(session, module).run(); }

}  // namespace frontend
