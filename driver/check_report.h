// What talcheck found out about a file, and how it tells it.
#pragma once

#include "driver/json.h"
#include "dsu/format/container.h"
#include "tal/checker.h"

#include <memory>
#include <optional>

namespace driver {

struct CheckedObject {
  std::string name;                             // the file, or the module of a program or patch
  std::span<const uint8_t> bytes;
  std::unique_ptr<tal::VerifiedObject> object;  // if it was accepted
  std::optional<tal::VerifyError> error;        // if not
};

struct CheckedFile {
  enum class Kind { Object, Program, Patch } kind = Kind::Object;
  std::string file;
  std::string problem;                          // why the file as a whole is refused or cannot be read
  bool unreadable = false, updateable = false;
  std::vector<CheckedObject> objects;
  dsu::PatchFile patch;                         // of a patch; owns the bytes of its objects
  double seconds = 0;

  bool accepted() const;
};

struct ReportOptions {
  bool stats = false, interface = false, colour = false;
};
// Verdicts of accepted files on standard output, refusals on standard error.
void print(const CheckedFile& file, const ReportOptions& options, const tal::NativeInterface& natives);
std::string json(const CheckedFile& file);

} // namespace driver
