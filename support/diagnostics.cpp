#include "support/diagnostics.h"

namespace support {

namespace {

std::string fill_in(std::string_view format, std::initializer_list<std::string_view> args) {
  std::string out;
  for (size_t i = 0; i < format.size(); ++i) {
    const bool is_argument = i + 2 < format.size() && format[i] == '{' && format[i + 1] >= '0' && format[i + 1] <= '9' && format[i + 2] == '}';
    if (!is_argument) {
      out += format[i];
      continue;
    }
    out += *(args.begin() + (format[i + 1] - '0'));
    i += 2;
  }
  return out;
}

}  // namespace

Diagnostics::Builder Diagnostics::add(Diag id, SourceLoc loc, Arguments args) {
  const Severity severity = info(id).severity;
  if (severity == Severity::Error && ++errors_ > kMaxErrors) return Builder(nullptr, 0);
  list_.push_back(Diagnostic{id, severity, loc, fill_in(info(id).format, args), {}});
  return Builder(this, list_.size() - 1);
}

void Diagnostics::add_note(size_t index, Diag id, SourceLoc loc, Arguments args) {
  list_[index].notes.push_back(Diagnostic{id, Severity::Note, loc, fill_in(info(id).format, args), {}});
}

std::string counted(size_t count, std::string_view noun) {
  std::string text = std::to_string(count) + " " + std::string(noun);
  return count == 1 ? text : text + "s";
}

}  // namespace support
