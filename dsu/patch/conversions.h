// Functions that convert values of changed types from the old to the new version and back.
//
// A conversion is asked for with convert(), which gives an expression; the function bodies are collected and written as one
// module (`convert_patch.pop`) that all interface code of the patch shares. Identity is kept: each function remembers what it
// has made of every object, so two references to one old object become two references to one new object, now and in stubs
// later, and cycles end: an object is remembered before those of its fields are converted that can be assigned afterwards.
//
// What cannot be derived becomes `Dsu::fill("...")`, which popc refuses until a person has replaced it.
#pragma once

#include <deque>

#include "dsu/patch/source_printer.h"

namespace dsu {

class Conversions {
public:
  Conversions(const SourcePrinter& printer, const Difference& difference, TypeModel& types)
      : printer_(printer), difference_(difference), types_(types) {}

  // `expression`, of type `from` on side `source`, as a value of type `to` on the other side. `place` says in a
  // placeholder what is being converted.
  std::string convert(TypeRef from, TypeRef to, Side source, const std::string& expression, const std::string& place);
  bool is_convertible(TypeRef from, TypeRef to) const;

  // Does a value of this old type lead to functions whose type changed? Those cannot be converted.
  bool holds_changed_function(TypeRef type) const;

  // `extern` declarations of the conversion functions that `text` calls.
  std::string externs_for(const std::string& text) const;
  // Types that those declarations need.
  void reach_of(const std::string& text, std::set<std::string>& old_types, std::set<std::string>& new_types) const;

  // The module, after all convert() calls; empty if none was needed.
  std::string write_module(const std::string& title);

  static std::string fill(const std::string& what) { return "Dsu::fill(\"" + what + "\")"; }

private:
  struct Function {
    std::string name;
    TypeRef type = nullptr, target = nullptr;  // equal but for numeric widths inside
    Side source = Side::Old;
  };

  bool holds_changed_function(TypeRef type, std::set<TypeRef>& seen) const;
  Function& function_for(TypeRef from, TypeRef to, Side source);
  std::string write(const Function& function);
  std::string write_struct(const Function& f);
  std::string write_union(const Function& f);
  std::string write_array(const Function& f);
  std::string write_tuple(const Function& f);
  struct Fields {
    std::string arguments;
    std::string link;  // field that is followed by a loop
    std::vector<std::pair<std::string, std::string>> later;
  };
  Fields convert_fields(const Function& f);
  std::string remember(const Function& f, const std::string& indent) const;
  std::string look_up(const Function& f, const std::string& indent, const std::string& found) const;
  std::string table_of(const Function& f) const;
  std::string header_of(const Function& f) const;

  const SourcePrinter& printer_;
  const Difference& difference_;
  TypeModel& types_;
  std::deque<Function> functions_;
  unsigned numbered_ = 0;
};

}  // namespace dsu
