// The manifest of a module (dsu/format/manifest.h) from its typed AST: what `popc -dsu` puts into `.tal.dsu`.
#pragma once

#include "dsu/format/manifest.h"
#include "frontend/typed_ast.h"

namespace dsu {

Manifest describe_module(const frontend::typed::TypedModule& module, std::string label);

// The section, ready for tal::ObjectAnnotations::dsu.
inline tal::Bytes manifest_section(const frontend::typed::TypedModule& module, std::string label) {
  return encode_manifest(describe_module(module, std::move(label)));
}

// Adds functions that got update points later to such a section, which is empty for a module that is not to be updated.
tal::Bytes add_update_points(tal::Bytes section, const std::vector<std::string>& functions);

}  // namespace dsu
