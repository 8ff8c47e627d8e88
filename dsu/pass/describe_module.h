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

}  // namespace dsu
