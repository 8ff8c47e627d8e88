// The checker on hand-written machine code. Each refusal has an accepted twin that differs in the offence only.
#include "object_builder.h"

using namespace tal;
using namespace tal::test;

namespace {

TEST(Checker, AcceptsAddition) {
  ObjectBuilder b;
  TypeId i32 = b.types().i32();
  b.function("add", b.sig({i32, i32}, i32), {0x8D, 0x04, 0x37, 0xC3}); // lea eax,[rdi+rsi]; ret
  EXPECT_EQ(b.rule(), "") << b.message;
  VerifyResult r = b.check();
  const auto& object = *std::get<std::unique_ptr<VerifiedObject>>(r);
  EXPECT_EQ(object.interface().functions.size(), 1u);
  EXPECT_EQ(object.statistics().instructions, 2u);
}

} // namespace
