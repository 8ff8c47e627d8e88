// Typed AST to IR.
//
// Makes explicit what the language checks at run time (null references, bounds, division by zero), the special case
// MIN / -1, and the control flow of expressions, switches and exception handlers. Each function comes out in SSA form without
// unreachable blocks; the result satisfies the verifier. See docs/ir.md for how each construct is translated.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "frontend/typed_ast.h"
#include "ir/ir.h"

namespace ir {

// A construct that the compiler does not translate yet. The user gets it as an error at the place.
struct Unsupported {
  SourceLoc loc;
  std::string what;
};

struct LowerResult {
  Module module; // not to be used if anything is unsupported
  std::vector<Unsupported> unsupported;
};

[[nodiscard]] LowerResult lower(const frontend::typed::TypedModule& source);

namespace lowering {
class ModuleLowering;
}

// The same in steps, for those who are done with a function's body before the next one is made: a large program is then never in
// memory as a whole. The module has all definitions from the beginning, without bodies; imports, static data, and the entries of static
// functions for certain widths join it as bodies mention them.
class Lowering {
 public:
  explicit Lowering(const frontend::typed::TypedModule& source);
  ~Lowering();

  struct Lowered {
    FuncId function;
    uint32_t source = 0;     // index of the typed module's functions
    bool is_last = false;    // no other entry is made from the same source
  };
  // Makes the next body; none: there are no more.
  std::optional<Lowered> next();
  Module& module();
  const std::vector<Unsupported>& unsupported() const;

 private:
  std::unique_ptr<lowering::ModuleLowering> lowering_;
};

} // namespace ir
