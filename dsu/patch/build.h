// From a patch directory to a patch file: `popc -patch -o p.pup DIR`.
//
// Each module of the patch becomes one object, its interface code another, the conversions a third; nothing is merged. That is
// enough because a type of the target language is identified by its name *and* content: in interface code the declarations
// `total` and `New::total` are two types of the name `total`, one equal to that of the running program, one to that of the new
// implementation.
//
// Data and exceptions listed under `sharing:` are taken out of the implementation and become imports of the running ones.
#pragma once

#include "dsu/format/container.h"
#include "dsu/patch/version.h"

namespace dsu {

// Compiles one checked module to a verified object. Shows its own diagnostics; nothing on failure.
class UnitCompiler {
public:
  virtual ~UnitCompiler() = default;
  virtual std::optional<tal::Bytes> compile(frontend::Session& session, frontend::typed::TypedModule& module,
                                            const tal::Bytes& manifest) = 0;
  virtual void show(const support::Diagnostics& diagnostics) = 0;  // of no source text
  // Modules of the library that the compiled units need, but for those of these names: appended with role Library.
  virtual bool add_library_modules(const std::set<std::string>& present, PatchFile& patch, std::string& problem) = 0;
};

// False with `problem` (empty if diagnostics were shown). `label`: overrides the one in PATCH if not empty.
[[nodiscard]] bool build_patch(const std::string& directory, const std::string& label, SessionFactory& sessions,
                               UnitCompiler& compiler, PatchFile& patch, std::string& problem);

}  // namespace dsu
