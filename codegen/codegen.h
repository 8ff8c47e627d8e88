// Code generation: a module of the IR as a TAL object.
//
// Each function goes through instruction selection, block order, register allocation, frame layout and encoding on its
// own; then come the static data, the annotations and the debug sections. The result is not trusted by anyone: the
// caller gives the object to the checker.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "codegen/select.h"
#include "ir/ir.h"
#include "support/source_manager.h"
#include "tal/natives.h"
#include "tal/object.h"

namespace codegen {

struct CodegenOptions {
  bool verify_each = false;  // check register allocation
  bool want_mir = false;     // fill CodegenResult::mir
  bool debug_info = true;
  bool indirect_calls = false; // functions of other modules are called through cells in .data.rel.ro
  std::string version;       // of the module, into the object's note
  std::string source_name;   // main source file, and the directory that file names are relative to, for debuggers
  std::string directory;
};

struct CodegenResult {
  tal::ObjectImage image;
  tal::ObjectAnnotations annotations;
  std::string mir;                       // machine IR before and after register allocation, if wanted
  std::vector<Unsupported> unsupported;  // not empty: errors for the user, no object
  std::string internal_error;            // not empty: a bug in the compiler, naming the function
};

// The object is tal::write_object(result.image, result.annotations).
[[nodiscard]] CodegenResult generate_code(const ir::Module& module, const support::SourceManager& sources,
                                          const tal::NativeInterface& natives, const CodegenOptions& options);

// The same in steps, while the module is still being made: code is generated for one function after the other, whose bodies may be
// dropped then; what they mention is in the module's tables when they come.
class ModuleGenerator {
 public:
  ModuleGenerator(const ir::Module& module, const support::SourceManager& sources, const tal::NativeInterface& natives, const CodegenOptions& options);
  ~ModuleGenerator();
  void function(ir::FuncId id); // does nothing after an error
  [[nodiscard]] CodegenResult finish();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// Names of the runtime that the module declares as something else: why the checker may refuse its code.
struct WrongNative {
  support::SourceLoc loc;
  std::string name, declared, actual; // types, as the checker prints them
};
[[nodiscard]] std::vector<WrongNative> wrong_natives(const ir::Module& module, const tal::NativeInterface& natives);

} // namespace codegen
