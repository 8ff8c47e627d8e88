#include "dsu/patch/patch_files.h"

#include <sstream>

namespace dsu {
namespace {

constexpr size_t line_width = 100;

const std::vector<std::string>& items(const TokenFile& file, const char* keyword) {
  static const std::vector<std::string> none;
  auto found = file.find(keyword);
  return found == file.end() ? none : found->second;
}

std::string single(const TokenFile& file, const char* keyword) {
  const auto& list = items(file, keyword);
  return list.empty() ? "" : list[0];
}

std::vector<std::string> maybe(const std::string& item) {
  return item.empty() ? std::vector<std::string>{} : std::vector<std::string>{item};
}

bool known_keywords(const TokenFile& file, std::initializer_list<const char*> known, std::string& problem) {
  for (const auto& [keyword, list] : file) {
    bool found = false;
    for (const char* k : known)
      found |= keyword == k;
    if (!found) {
      problem = "unknown keyword `" + keyword + ":`";
      return false;
    }
  }
  return true;
}

}  // namespace

std::optional<TokenFile> parse_tokens(const std::string& text, std::string& problem) {
  TokenFile file;
  std::vector<std::string>* current = nullptr;
  std::istringstream in(text);
  std::string token;
  while (in >> token) {
    if (token.size() > 1 && token.ends_with(":") && !token.ends_with("::")) {
      token.pop_back();
      auto [slot, is_new] = file.emplace(token, std::vector<std::string>{});
      if (!is_new) {
        problem = "`" + token + ":` occurs twice";
        return std::nullopt;
      }
      current = &slot->second;
    } else if (current) {
      current->push_back(token);
    } else {
      problem = "`" + token + "` stands before the first keyword";
      return std::nullopt;
    }
  }
  return file;
}

std::string write_tokens(const std::vector<std::pair<std::string, std::vector<std::string>>>& entries) {
  std::string text;
  for (const auto& [keyword, list] : entries) {
    if (list.empty())
      continue;
    std::string line = keyword + ":";
    for (const std::string& item : list) {
      if (line.size() + 1 + item.size() > line_width) {
        text += line + "\n";
        line = " ";
      }
      line += " " + item;
    }
    text += line + "\n";
  }
  return text;
}

std::string write_module_patch(const ModulePatch& patch) {
  return write_tokens({{"implementation", maybe(patch.implementation)},
                       {"interface", maybe(patch.interface)},
                       {"sharing", patch.sharing},
                       {"moved", patch.moved},
                       {"detached", patch.detached},
                       {"renaming", patch.renaming},
                       {"old-static", patch.old_statics},
                       {"new-static", patch.new_statics},
                       {"function-data", patch.function_variables},
                       {"replaces", patch.is_new ? std::vector<std::string>{} : std::vector<std::string>{hex(patch.from)}}});
}

std::optional<ModulePatch> parse_module_patch(const std::string& text, std::string module, std::string& problem) {
  std::optional<TokenFile> file = parse_tokens(text, problem);
  if (!file || !known_keywords(*file, {"implementation", "interface", "sharing", "moved", "detached", "renaming", "old-static", "new-static", "function-data", "replaces"}, problem))
    return std::nullopt;
  ModulePatch patch;
  patch.module = std::move(module);
  patch.implementation = single(*file, "implementation");
  patch.interface = single(*file, "interface");
  patch.sharing = items(*file, "sharing");
  patch.moved = items(*file, "moved");
  patch.detached = items(*file, "detached");
  patch.renaming = items(*file, "renaming");
  patch.old_statics = items(*file, "old-static");
  patch.new_statics = items(*file, "new-static");
  patch.function_variables = items(*file, "function-data");
  const std::string from = single(*file, "replaces");
  patch.is_new = from.empty();
  if (!from.empty() && !parse_hex(from, patch.from)) {
    problem = "`replaces:` wants the hash of the module's running version";
    return std::nullopt;
  }
  if (patch.implementation.empty() && patch.interface.empty()) {
    problem = "neither `implementation:` nor `interface:`";
    return std::nullopt;
  }
  return patch;
}

using Hashes = std::vector<std::pair<std::string, Hash>>;

static std::vector<std::string> write_hashes(const Hashes& hashes) {
  std::vector<std::string> list;
  for (const auto& [name, hash] : hashes)
    list.push_back(name + "=" + hex(hash));
  return list;
}

static bool parse_hashes(const TokenFile& file, const char* keyword, Hashes& hashes, std::string& problem) {
  for (const std::string& item : items(file, keyword)) {
    const size_t equals = item.rfind('=');
    Hash hash;
    if (equals == std::string::npos || !parse_hex(item.substr(equals + 1), hash)) {
      problem = "`" + std::string(keyword) + ":` wants module=hash, not `" + item + "`";
      return false;
    }
    hashes.emplace_back(item.substr(0, equals), hash);
  }
  return true;
}

std::string write_index(const PatchIndex& index) {
  return write_tokens({{"from", maybe(index.from)},
                       {"to", maybe(index.to)},
                       {"modules", index.modules},
                       {"conversions", maybe(index.conversions)},
                       {"required", write_hashes(index.required)},
                       {"removed", write_hashes(index.removed)},
                       {"renames", index.renames},
                       {"library", index.library}});
}

std::optional<PatchIndex> parse_index(const std::string& text, std::string& problem) {
  std::optional<TokenFile> file = parse_tokens(text, problem);
  if (!file || !known_keywords(*file, {"from", "to", "modules", "conversions", "required", "removed", "renames", "library"}, problem))
    return std::nullopt;
  PatchIndex index;
  index.from = single(*file, "from");
  index.to = single(*file, "to");
  index.modules = items(*file, "modules");
  index.conversions = single(*file, "conversions");
  index.renames = items(*file, "renames");
  index.library = items(*file, "library");
  if (!parse_hashes(*file, "required", index.required, problem) || !parse_hashes(*file, "removed", index.removed, problem))
    return std::nullopt;
  return index;
}

}  // namespace dsu
