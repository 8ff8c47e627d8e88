// JSON that tools write.
#pragma once

#include <cstdint>
#include <cstdio>
#include <set>
#include <string>
#include <vector>

namespace driver {

inline std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      char buffer[8];
      std::snprintf(buffer, sizeof buffer, "\\u%04x", c);
      out += buffer;
    } else {
      out += c;
    }
  }
  return out + '"';
}

class JsonObject {
public:
  JsonObject& add(const char* key, const std::string& value) { return raw(key, quoted(value)); }
  JsonObject& add(const char* key, uint64_t value) { return raw(key, std::to_string(value)); }
  JsonObject& add(const char* key, const std::vector<std::string>& values) {
    std::string list;
    for (const std::string& value : values)
      list += (list.empty() ? "" : ", ") + quoted(value);
    return raw(key, "[" + list + "]");
  }
  JsonObject& add(const char* key, const std::set<std::string>& values) { return add(key, std::vector<std::string>(values.begin(), values.end())); }
  JsonObject& raw(const char* key, const std::string& value) {
    body_ += (body_.empty() ? "" : ", ") + quoted(key) + ": " + value;
    return *this;
  }
  std::string str() const { return "{" + body_ + "}"; }

private:
  std::string body_;
};

inline std::string json_list(const std::vector<std::string>& objects) {
  std::string list;
  for (const std::string& object : objects)
    list += (list.empty() ? "" : ",\n ") + object;
  return "[" + list + "]";
}

} // namespace driver
