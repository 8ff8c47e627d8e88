#include "support/names.h"

namespace support {

Name NameTable::get(std::string_view text) {
  if (text.empty()) return Name();
  if (auto found = index_.find(text); found != index_.end()) return Name(found->second);
  const std::string& stored = storage_.emplace_back(text);
  index_.emplace(stored, &stored);
  return Name(&stored);
}

}  // namespace support
