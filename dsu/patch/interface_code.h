// The interface code of one module: declarations of old and new things, the state transformer init(), and stubs.
#pragma once

#include "dsu/patch/conversions.h"

namespace dsu {

struct InterfaceCode {
  std::string text;  // empty: none needed
  std::vector<std::string> old_statics, new_statics;  // that the text refers to, or has stubs for; "name@module" if of another one
  std::vector<std::string> function_variables;        // variables that hold functions, as the text names them
};

InterfaceCode write_interface_code(const ModuleDifference& module, const Version& before, const ModuleInfo& after,
                                   const SourcePrinter& printer, Conversions& conversions, const std::string& title);

}  // namespace dsu
