#include "support/source_manager.h"

#include <filesystem>
#include <fstream>
#include <sstream>

namespace support {

SourceManager::SourceManager() { files_.emplace_back(); }

FileId SourceManager::file(std::string_view name) {
  if (auto found = by_name_.find(name); found != by_name_.end()) return found->second;
  // Locations have 16 bits for the file; further ones share the nameless file rather than wrap around.
  if (files_.size() > UINT16_MAX) return FileId{};
  const FileId id{static_cast<uint16_t>(files_.size())};
  File& stored = files_.emplace_back();
  stored.name = name;
  by_name_.emplace(stored.name, id);
  return id;
}

FileId SourceManager::add_text(std::string_view name, std::string text) {
  const FileId id = file(name);
  File& stored = files_[id.value];
  stored.text = std::move(text);
  stored.line_starts.clear();
  return id;
}

std::string_view SourceManager::text(FileId id) {
  File& stored = files_[id.value];
  if (!stored.text) {
    // A line marker may name anything: devices and pipes have no lines to show, and huge files are no sources.
    constexpr uintmax_t kMaxFile = 256u << 20;
    std::error_code error;
    std::ostringstream content;
    const std::filesystem::path path(stored.name);
    if (id.value != 0 && std::filesystem::is_regular_file(path, error) && std::filesystem::file_size(path, error) <= kMaxFile && !error) {
      std::ifstream in(path, std::ios::binary);
      if (in) content << in.rdbuf();
    }
    stored.text = content.str();
  }
  return *stored.text;
}

std::string_view SourceManager::line(FileId id, uint32_t line) {
  const std::string_view all = text(id);
  File& stored = files_[id.value];
  if (stored.line_starts.empty()) {
    stored.line_starts.push_back(0);
    for (size_t i = 0; i < all.size(); ++i) {
      if (all[i] == '\n') stored.line_starts.push_back(static_cast<uint32_t>(i + 1));
    }
  }
  if (line == 0 || line > stored.line_starts.size()) return {};
  const size_t start = stored.line_starts[line - 1];
  size_t end = line < stored.line_starts.size() ? stored.line_starts[line] - 1 : all.size();
  if (end > start && all[end - 1] == '\r') --end;
  return all.substr(start, end - start);
}

std::string SourceManager::describe(SourceLoc loc) const {
  std::string out(name(loc.file));
  if (!loc.is_valid()) return out;
  return out + ":" + std::to_string(loc.line) + ":" + std::to_string(loc.column);
}

}  // namespace support
