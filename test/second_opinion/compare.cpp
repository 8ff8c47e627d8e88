#include "compare.h"

#include "judge.h"

#include <algorithm>
#include <cstdio>

namespace second {

namespace {

std::string hex(uint32_t at) {
  char text[16];
  std::snprintf(text, sizeof text, "0x%x", at);
  return text;
}

} // namespace

void compare(std::span<const uint8_t> bytes, const tal::VerifyResult& checked, const tal::NativeInterface& natives,
             const std::function<bool(uint32_t, uint32_t)>& asked, Comparison& out) {
  tal::ObjectFile file;
  tal::VerifyError unread;
  if (!read_object(bytes, file, unread))
    return;
  const auto* error = std::get_if<tal::VerifyError>(&checked);
  const bool about_code = error == nullptr || (error->rule[0] == 'C' && !error->function.empty());
  if (!about_code)
    return;
  std::vector<uint32_t> functions;
  const std::vector<tal::Symbol>& symbols = file.annotations.symbols;
  for (uint32_t s = 0; s < symbols.size(); s++)
    if (symbols[s].section == tal::Section::Text)
      functions.push_back(s);
  std::sort(functions.begin(), functions.end(), [&](uint32_t a, uint32_t b) { return symbols[a].offset < symbols[b].offset; });
  for (uint32_t s : functions) {
    const uint32_t start = symbols[s].offset, end = start + symbols[s].size;
    const bool refused = error != nullptr && error->function == symbols[s].name && error->offset >= start && error->offset <= end;
    if (error != nullptr && error->offset < start)
      return;
    if (!refused && !asked(start, end))
      continue;
    Judge judge(file, natives);
    const Verdict v = judge.function(s);
    if (v.what == Verdict::What::NoOpinion) {
      out.no_opinion++;
      out.left_out[v.reason]++;
    } else if (error != nullptr && v.leftover) {
      return;
    } else if ((v.what == Verdict::What::Refused) == refused) {
      out.agreed++;
    } else if (refused && v.doubtful) { // the checker forgets inequalities beyond its 24 names
      out.no_opinion++;
      out.left_out["more names in inequalities than the checker keeps"]++;
    } else {
      out.disagreements.push_back(
          refused ? symbols[s].name + ": the checker refuses it at .text+" + hex(error->offset) + " `" + error->instruction + "` (" +
                        error->rule + ": expected " + error->expected + ", found " + error->found + "), the second opinion accepts it"
                  : symbols[s].name + ": the checker accepts it, the second opinion refuses it at .text+" + hex(v.at) + ": " + v.reason);
    }
  }
}

} // namespace second
