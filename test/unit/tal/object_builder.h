// Small objects for tests: functions as hand-written machine code, placed and annotated.
#pragma once

#include "tal/checker.h"
#include "tal/write/write.h"

#include <gtest/gtest.h>

namespace tal::test {

class ObjectBuilder {
public:
  ObjectBuilder() {
    a.module = "Test";
    image.text.assign(16, 0xCC);
  }

  TypeTable& types() { return a.types; }

  // Returns the text offset of the function.
  uint32_t function(const std::string& name, TypeId signature, const Bytes& code, Scope scope = Scope::Public) {
    while (image.text.size() % 16 != 0 || last_end_ + 5 > image.text.size())
      image.text.push_back(0xCC);
    auto at = static_cast<uint32_t>(image.text.size());
    image.text.insert(image.text.end(), code.begin(), code.end());
    last_end_ = static_cast<uint32_t>(image.text.size());
    a.symbols.push_back({name, SymbolKind::Function, scope, Section::Text, at, static_cast<uint32_t>(code.size()), signature});
    return at;
  }
  TypeId sig(std::vector<TypeId> args, TypeId result = no_type) {
    Signature s;
    s.args = std::move(args);
    s.result = result;
    return types().signature(s);
  }
  uint32_t symbol(Symbol s) {
    a.symbols.push_back(std::move(s));
    return static_cast<uint32_t>(a.symbols.size() - 1);
  }

  VerifyResult check() {
    std::string problem;
    EXPECT_TRUE(a.types.close(&problem)) << problem;
    NativeInterface natives;
    EXPECT_TRUE(parse_natives("exception NullPointer\nputi : (i32)\n", natives, problem)) << problem;
    bytes = write_object(image, a);
    return verify(bytes, natives);
  }
  // "" if accepted, else the rule.
  std::string rule() {
    VerifyResult r = check();
    if (auto* e = std::get_if<VerifyError>(&r)) {
      message = to_string(*e, "test.o");
      return e->rule;
    }
    message = "accepted";
    records = std::get<std::unique_ptr<VerifiedObject>>(r)->interface().records;
    return "";
  }

  ObjectAnnotations a;
  ObjectImage image;
  Bytes bytes;
  std::string message;
  std::vector<tal_record> records;   // of what rule() accepted

private:
  uint32_t last_end_ = 0;
};

} // namespace tal::test
