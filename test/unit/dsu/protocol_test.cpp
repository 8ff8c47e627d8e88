#include "dsu/format/protocol.h"

#include <gtest/gtest.h>

namespace dsu {
namespace {

Report sample() {
  Report r;
  r.outcome = Outcome::Refused;
  r.step = Step::Link;
  r.patch = "0.3";
  r.symbol = "Statistics::add";
  r.reason = "expected ... got ...";
  r.step_ns[static_cast<int>(Step::Verify)] = 12345;
  r.replaced = {"a", "b"};
  return r;
}

TEST(Protocol, ReportRoundTrip) {
  std::optional<Report> r = decode_report(encode(sample()));
  ASSERT_TRUE(r.has_value());
  EXPECT_EQ(r->step, Step::Link);
  EXPECT_EQ(r->symbol, "Statistics::add");
  EXPECT_EQ(r->step_ns[static_cast<int>(Step::Verify)], 12345u);
  EXPECT_EQ(r->replaced.size(), 2u);
}

TEST(Protocol, HistoryAndStatusRoundTrip) {
  std::optional<std::vector<Report>> history = decode_history(encode(std::vector<Report>{sample(), sample()}));
  ASSERT_TRUE(history.has_value());
  EXPECT_EQ(history->size(), 2u);
  Status s;
  s.pid = 42;
  s.modules = {{"main", "0.2", "abcd", 1}};
  s.pause_max_ns = 99;
  std::optional<Status> back = decode_status(encode(s));
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(back->modules[0].updates, 1u);
  EXPECT_EQ(back->pause_max_ns, 99u);
}

TEST(Protocol, OtherVersionsAndTruncationsAreRefused) {
  Bytes bytes = encode(sample());
  for (size_t n = 0; n < bytes.size(); n++)
    EXPECT_FALSE(decode_report(std::span(bytes).first(n)).has_value());
  bytes[0] = protocol_version + 1;
  EXPECT_FALSE(decode_report(bytes).has_value());
}

TEST(Protocol, ACountOfReportsIsNotBelieved) {
  Bytes bytes(1 + 3 + 40000, 0);  // 20000 reports of two bytes each would be 10 MB in memory
  bytes[0] = protocol_version;
  bytes[1] = 0xA0, bytes[2] = 0x9C, bytes[3] = 0x01;
  EXPECT_FALSE(decode_history(bytes).has_value());
  Report least;
  std::optional<std::vector<Report>> many = decode_history(encode(std::vector<Report>(100, least)));
  ASSERT_TRUE(many.has_value());
  EXPECT_EQ(many->size(), 100u);
}

TEST(Protocol, HeaderBounds) {
  Bytes f = frame(FrameKind::Status, {});
  ASSERT_EQ(f.size(), frame_header_size);
  EXPECT_TRUE(decode_header(f).has_value());
  f[3] = 0xff;  // longer than any frame
  EXPECT_FALSE(decode_header(f).has_value());
  f = frame(FrameKind::Status, {});
  f[4] = 0;
  EXPECT_FALSE(decode_header(f).has_value());
}

TEST(Protocol, NamesComeFromTheTables) {
  EXPECT_EQ(step_name(Step::Transform), "transform");
  EXPECT_EQ(outcome_name(Outcome::AlreadyApplied), "already-applied");
}

}  // namespace
}  // namespace dsu
