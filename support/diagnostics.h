// Diagnostics: what is wrong with the input, as values.
//
// A stage reports into a Diagnostics and goes on where it can; whoever drives the stage prints what was collected and stops if
// has_errors(). The set of messages is support/diagnostics.def. Use:
//
//   diagnostics.report<Diag::UnboundName>(loc, name).note<Diag::DeclaredHere>(other_loc, other_name);
//
// The number of arguments is checked against the format at compile time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "support/source.h"

namespace support {

enum class Diag : uint16_t {
#define DIAG(Id, severity, area, format) Id,
#include "support/diagnostics.def"
#undef DIAG
};

// A remark tells what was done, on request; a note belongs to another message.
enum class Severity : uint8_t { Error, Warning, Remark, Note };

struct DiagInfo {
  std::string_view id;
  Severity severity;
  std::string_view area;
  std::string_view format;
};

inline constexpr DiagInfo kDiagInfo[] = {
#define DIAG(Id, severity, area, format) {#Id, Severity::severity, #area, format},
#include "support/diagnostics.def"
#undef DIAG
};

constexpr const DiagInfo& info(Diag id) { return kDiagInfo[static_cast<size_t>(id)]; }

// How many arguments a format takes: one more than the greatest number between braces.
constexpr size_t format_arity(std::string_view format) {
  size_t arity = 0;
  for (size_t i = 0; i + 2 < format.size(); ++i) {
    if (format[i] == '{' && format[i + 1] >= '0' && format[i + 1] <= '9' && format[i + 2] == '}') {
      const size_t needed = static_cast<size_t>(format[i + 1] - '0') + 1;
      if (needed > arity) arity = needed;
    }
  }
  return arity;
}

struct Diagnostic {
  Diag id;
  Severity severity;
  SourceLoc loc;
  std::string message;
  std::vector<Diagnostic> notes;
};

class Diagnostics {
 public:
  // Returned by report() to hang notes on; use it in the same expression.
  class Builder {
   public:
    template <Diag id, class... Args>
    Builder note(SourceLoc loc, const Args&... args) {
      static_assert(info(id).severity == Severity::Note && sizeof...(Args) == format_arity(info(id).format));
      if (owner_) owner_->add_note(index_, id, loc, {std::string_view(args)...});
      return *this;
    }

   private:
    friend class Diagnostics;
    Builder(Diagnostics* owner, size_t index) : owner_(owner), index_(index) {}
    Diagnostics* owner_;  // null: the diagnostic was dropped
    size_t index_;
  };

  template <Diag id, class... Args>
  Builder report(SourceLoc loc, const Args&... args) {
    static_assert(info(id).severity != Severity::Note, "a note belongs to a diagnostic");
    static_assert(sizeof...(Args) == format_arity(info(id).format), "wrong number of arguments for this diagnostic");
    return add(id, loc, {std::string_view(args)...});
  }

  bool has_errors() const { return errors_ != 0; }
  uint32_t error_count() const { return errors_; }
  const std::vector<Diagnostic>& all() const { return list_; }

  // After so many errors further ones are counted but not kept.
  static constexpr uint32_t kMaxErrors = 50;

 private:
  using Arguments = std::initializer_list<std::string_view>;
  Builder add(Diag id, SourceLoc loc, Arguments args);
  void add_note(size_t index, Diag id, SourceLoc loc, Arguments args);

  std::vector<Diagnostic> list_;
  uint32_t errors_ = 0;
};

// "1 argument", "2 arguments".
std::string counted(size_t count, std::string_view noun);

}  // namespace support
