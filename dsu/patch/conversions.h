// Functions that convert values of changed types from the old to the new version and back.
//
// A conversion is asked for with convert(), which gives an expression; the function bodies are collected and written as one
// module (`convert_patch.pop`) that all interface code of the patch shares. Identity is kept: each function remembers what it
// has made of every object, so two references to one old object become two references to one new object, now and in stubs
// later.
//
// References that may lead back to an object of the same type are not followed by recursion, because lists and trees may be deeper than
// the stack: the object is made with an initial value in their place and remembered, and `finish` fills in what is missing, object
// after object in the order in which they were made, until nothing is left. So cycles end, too. What cannot be assigned later (constant
// fields, components of `%` tuples, payloads of unions) has to be made before; where that may lead back to an object of the same type, values
// wait on a stack of their own until what they are made of is there (conversion_order.cpp).
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
  struct Function;
  // A part that has to be converted before the object is made: an expression over `x`, or over the payload `v` of a case.
  struct Need {
    std::string variant, expression;
    const Function* function = nullptr;
  };
  struct Function {
    std::string name;
    TypeRef type = nullptr, target = nullptr;
    Side source = Side::Old;
    bool has_rest = false;    // parts that `finish` fills in
    bool is_ordered = false;  // needs may lead back to the type: values wait for what they need
    std::vector<Need> needs;
    std::string remark;       // struct: fields that come and go
    std::vector<std::string> remembered;  // union: the cases whose values are entered in the table
  };
  // Text that makes a new object of `x`: the parts of a constructor, and assignments to `y` for later.
  struct Parts {
    std::string arguments, rest;
  };

  bool holds_changed_function(TypeRef type, std::set<TypeRef>& seen) const;
  bool is_named_convertible(TypeRef from, TypeRef to) const;
  // What is in packages of these types, hidden types being variables.
  bool is_content_convertible(TypeRef from, TypeRef to) const;
  bool is_part_convertible(TypeRef from, TypeRef to) const;
  TypeRef content_of(TypeRef package, Side side) const;
  Function& function_for(TypeRef from, TypeRef to, Side source);
  bool leads_to(TypeRef from, TypeRef type, Side side) const;
  const Function* function_of(TypeRef from, TypeRef to, Side source);
  bool needs_lead(const Function& from, const Function& to) const;
  void find_ordered();
  std::string known_of(const Function& f) const;
  std::string ready_of(const Function& f) const;
  std::string ordered_maker(const Function& f) const;
  std::string write_waiting(Side source) const;
  std::string waiting_case(const Function& f) const;
  std::string write(Function& function);
  std::string write_struct(Function& f);
  std::string write_union(Function& f);
  std::string write_array(Function& f);
  std::string write_tuple(Function& f);
  std::string write_container(Function& f);
  std::string write_package(Function& f);
  Parts convert_fields(Function& f);
  void add_part(Function& f, Parts& parts, const std::string& old_part, const std::string& part, TypeRef from, TypeRef to, bool is_const,
                const std::string& place);
  std::string null_case(const Function& f) const;
  std::string with_rest(Function& f, const std::string& rest) const;
  std::string remember(const Function& f, const std::string& indent) const;
  std::string look_up(const Function& f, const std::string& indent) const;
  std::string table_of(const Function& f) const;
  std::string header_of(const Function& f) const;
  std::string maker_of(const Function& f) const;
  std::string write_finish(Side source) const;
  std::string expand(std::string_view text, const Function& f) const;

  const SourcePrinter& printer_;
  const Difference& difference_;
  TypeModel& types_;
  std::deque<Function> functions_;
  unsigned numbered_ = 0;
  bool has_rest_[2] = {};    // by source: some function of this direction leaves parts for `finish`
  bool is_inside_ = false;   // the text being written is that of a conversion function
};

}  // namespace dsu
