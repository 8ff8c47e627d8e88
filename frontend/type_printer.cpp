// Types as Popcorn writes them: what is outermost in the type comes last but innermost in the text, as in C, so a function type is printed
// as its result followed by the parameter list.

#include "frontend/types.h"

namespace frontend {

namespace {

constexpr std::string_view kSpelling[] = {
#define BASIC_TYPE(Kind, spelling, bytes, is_signed, cls) spelling,
#include "frontend/types.def"
#undef BASIC_TYPE
};

class Printer {
 public:
  Printer(const TypeStore& types, TypeParamNames names) : types_(types), names_(names) {}

  // The text before a declared name, and behind it in `suffix`.
  std::string prefix(TypeId id, std::string& suffix) {
    if (budget_ == 0) return "..";
    --budget_;
    const Type& type = types_.get(id);
    switch (type.kind) {
      case TypeKind::Array:
        return modified(type.element, "[]", suffix);
      case TypeKind::ConstArray:
        return modified(type.element, std::string(type.nullable ? "?" : "") + "[|" + std::to_string(type.index) + "|]", suffix);
      case TypeKind::Function:
        return function(type, suffix);
      case TypeKind::Tuple:
        return (type.read_only ? "%(" : "*(") + list(type.args) + ")";
      case TypeKind::Named:
        return arguments(type.args) + types_.decl(type.decl).name.str();
      case TypeKind::Rep:
        return "<" + whole(type.element) + ">rep";
      case TypeKind::Exncon:
        return "<" + whole(type.element) + ">exncon";
      case TypeKind::Var:
        return variable(type);
      case TypeKind::Infer:
        return "_";
      default:
        return std::string(kSpelling[id.value]);
    }
  }

  std::string whole(TypeId id) {
    std::string suffix;
    std::string text = prefix(id, suffix);
    return suffix.empty() || suffix.front() == '[' || suffix.front() == '?' ? text + suffix : text + " " + suffix;
  }

 private:
  std::string modified(TypeId element, const std::string& modifier, std::string& suffix) {
    std::string rest;
    std::string text = prefix(element, rest);
    suffix += modifier + rest;
    return text;
  }

  std::string function(const Type& type, std::string& suffix) {
    if (type.type_params != 0) binders_.push_back(type.type_params);
    std::string modifier = type.convention == Convention::Stdcall ? "__stdcall" : "";
    if (type.type_params != 0) {
      modifier += "<";
      for (uint32_t i = 0; i < type.type_params; ++i) modifier += (i ? "," : "") + bound_name(binders_.size() - 1, i);
      modifier += ">";
    }
    std::string text = modified(type.element, modifier + "(" + list(type.args) + ")", suffix);
    if (type.type_params != 0) binders_.pop_back();
    return text;
  }

  std::string list(std::span<const TypeId> args) {
    std::string text;
    for (TypeId arg : args) text += (text.empty() ? "" : ",") + whole(arg);
    return text;
  }

  std::string arguments(std::span<const TypeId> args) { return args.empty() ? "" : "<" + list(args) + ">"; }

  std::string variable(const Type& type) {
    if (type.depth < binders_.size()) return bound_name(binders_.size() - 1 - type.depth, type.index);
    if (type.depth == binders_.size() && type.index < names_.size()) return names_[type.index].str();
    return "'" + std::to_string(type.depth - binders_.size()) + "_" + std::to_string(type.index);
  }

  // Variables bound inside the type are called a, b, c, .. in order of binding, passing over the names given for the outermost ones.
  std::string bound_name(size_t binder, uint32_t index) {
    size_t number = index;
    for (size_t i = 0; i < binder; ++i) number += binders_[i];
    for (size_t candidate = 0;; ++candidate) {
      std::string name(1, static_cast<char>('a' + candidate % 26));
      if (candidate >= 26) name += std::to_string(candidate / 26);
      if (is_taken(name)) continue;
      if (number-- == 0) return name;
    }
  }

  bool is_taken(const std::string& name) const {
    for (Name other : names_) {
      if (other.view() == name) return true;
    }
    return false;
  }

  const TypeStore& types_;
  TypeParamNames names_;
  std::vector<uint32_t> binders_;
  // A type with shared parts may be enormous when written out.
  unsigned budget_ = 500;
};

}  // namespace

std::string TypeStore::print(TypeId id, TypeParamNames names) const { return Printer(*this, names).whole(id); }

}  // namespace frontend
