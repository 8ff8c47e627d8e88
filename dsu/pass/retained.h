// Retained sets: what a function that is suspended while the program is updated goes on using in its old version. Type safety does not
// depend on them; the author of a patch wants to know (docs/dsu.md, "Timing").
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "dsu/pass/description.h"
#include "ir/ir.h"

namespace dsu {

// Collects them from bodies as they are lowered, before optimisation, in any order; a body may go when it has been added. The module
// stays until find() is called.
class SuspensionFinder {
public:
  explicit SuspensionFinder(const ir::Module& module) : module_(module) {}
  void add(ir::FuncId function);
  // For every function and everything that it calls and that may lead to an update point: one entry, with what the code after the calls
  // uses. Calls of other modules may, unless `is_native`; calls of function values always.
  std::vector<Suspension> find(const std::function<bool(const std::string&)>& is_native) const;

private:
  enum class UseKind : uint8_t { Type, Function, Global, Exception };
  using Use = std::pair<UseKind, uint32_t>;  // number of the declaration, function ..
  using Bits = std::vector<uint64_t>;        // what code uses, by the numbers in Body::uses
  struct Body {
    uint32_t function;
    std::map<Use, size_t> uses;
    std::map<uint32_t, Bits> after;          // by function called, function_value for all others
  };
  static constexpr uint32_t function_value = UINT32_MAX;

  template <class Visit> void for_each_use(const ir::Function& function, const ir::Inst& inst, Visit visit) const;
  std::vector<bool> find_suspending(const std::function<bool(const std::string&)>& is_native) const;
  std::string name_of(const Use& use) const;

  const ir::Module& module_;
  std::vector<Body> bodies_;
};

// The same for a module that has all its bodies.
std::vector<Suspension> find_suspensions(const ir::Module& module, const std::function<bool(const std::string&)>& is_native);

}  // namespace dsu
