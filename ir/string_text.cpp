#include "ir/string_text.h"

namespace ir {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  return -1;
}

} // namespace

std::string quote(std::string_view bytes) {
  static const char digits[] = "0123456789abcdef";
  std::string out = "\"";
  for (char c : bytes) {
    auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte >= 0x20 && byte < 0x7f) {
      out += c;
    } else {
      out += "\\x";
      out += digits[byte >> 4];
      out += digits[byte & 15];
    }
  }
  return out + "\"";
}

std::optional<std::string> unquote(std::string_view body) {
  std::string out;
  for (size_t i = 0; i < body.size(); ++i) {
    if (body[i] != '\\') {
      out += body[i];
      continue;
    }
    if (i + 1 < body.size() && (body[i + 1] == '"' || body[i + 1] == '\\')) {
      out += body[++i];
      continue;
    }
    if (i + 3 >= body.size() || body[i + 1] != 'x' || hex_digit(body[i + 2]) < 0 || hex_digit(body[i + 3]) < 0)
      return std::nullopt;
    out += static_cast<char>(hex_digit(body[i + 2]) * 16 + hex_digit(body[i + 3]));
    i += 3;
  }
  return out;
}

} // namespace ir
