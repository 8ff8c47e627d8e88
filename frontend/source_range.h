// From the first character of a construct to the first of its last token; the parser's location type.
#pragma once

#include "support/source.h"

namespace frontend {

struct SourceRange {
  support::SourceLoc begin;
  support::SourceLoc end;
};

}  // namespace frontend
