// The unwinder on hand-made frames and records.
#include "stdlib/runtime/unwind.h"

#include <gtest/gtest.h>

#include "stdlib/runtime/calls.h"
#include "stdlib/runtime/memory.h"
#include "stdlib/runtime/raise.h"

extern "C" {
extern const uint8_t frames_start[], frames_end[], frames_catches[], frames_catches_return[], frames_catches_pad[],
    frames_passes[], frames_passes_return[], frames_raises[], frames_raises_return[];
void poprt_fopen();
poprt::Exception* poprt_unwind(poprt::Exception* exception, poprt::Registers* registers, bool is_new);
}

namespace {

using namespace poprt;

uint32_t offset_of(const uint8_t* address) { return static_cast<uint32_t>(address - frames_start); }

struct Frames {
  tal_record records[3];
  tal_function functions[3];
  tal_line lines[3];
  const char* strings = "catches\0passes\0raises\0test.pop";
  tal_exception_name exception_names[1];
  tal_module module{};

  Frames() {
    //                return address                  D   pad                          function  rbx rbp r12 r13 r14 r15
    records[0] = {offset_of(frames_catches_return), 24, 0, offset_of(frames_catches_pad), 0, {-1, 5, -2, 13, 14, 15}};
    records[1] = {offset_of(frames_passes_return), 40, 0, TAL_NO_PAD, 1, {12, 5, -1, 13, 14, 15}};
    records[2] = {offset_of(frames_raises_return), 56, 0, TAL_NO_PAD, 2, {-1, -2, -3, -4, -5, -6}};
    functions[0] = {offset_of(frames_catches), offset_of(frames_passes), 0};
    functions[1] = {offset_of(frames_passes), offset_of(frames_raises) - offset_of(frames_passes), 8};
    functions[2] = {offset_of(frames_raises), offset_of(frames_end) - offset_of(frames_raises), 15};
    lines[0] = {records[0].return_offset, 22, 10};
    lines[1] = {records[1].return_offset, 22, 20};
    lines[2] = {records[2].return_offset, 22, 30};
    exception_names[0] = {&name, "Test::Failed", TAL_PAYLOAD_INT};
    module.name = "test";
    module.text = frames_start;
    module.text_size = offset_of(frames_end);
    module.unwind = {records, functions, lines, strings, 3, 3, 3, 30};
    module.exceptions = exception_names;
    module.exception_count = 1;
  }
  static ExceptionName name;
};
ExceptionName Frames::name;

void register_frames() {
  static const bool done = [] {
    static Frames frames;
    return register_module(&frames.module);
  }();
  ASSERT_TRUE(done);
}

Exception test_exception = {&Frames::name, 7};

TEST(Unwind, GoesToThePadWithTheRegistersOfItsFrame) {
  register_frames();
  EXPECT_EQ(poprt_call(frames_catches, reinterpret_cast<uint64_t>(&test_exception)), 123u);
}

TEST(Unwind, StopsAtTheCatchingBoundary) {
  register_frames();
  Exception* caught = nullptr;
  EXPECT_EQ(poprt_call_catching(frames_passes, reinterpret_cast<uint64_t>(&test_exception), &caught), 0u);
  EXPECT_EQ(caught, &test_exception);
}

TEST(Unwind, ANativeRaisesThroughItsStub) {
  register_frames();
  start_collector();
  Exception* caught = nullptr;
  poprt_call_catching(reinterpret_cast<const void*>(&poprt_fopen), 0, &caught);
  ASSERT_NE(caught, nullptr);
  EXPECT_EQ(caught->name, &poprt_NullPointer);
  EXPECT_EQ(poprt_pending, nullptr);
}

TEST(UnwindDeath, ReportsAnUncaughtExceptionWithItsTrace) {
  register_frames();
  EXPECT_EXIT(poprt_call(frames_passes, reinterpret_cast<uint64_t>(&test_exception)), testing::ExitedWithCode(255),
              "uncaught exception Test::Failed\\(7\\) raised at test.pop:30\n"
              "  at raises \\(test.pop:30\\)\n"
              "  at passes \\(test.pop:20\\)\n");
}

TEST(UnwindDeath, AReturnAddressWithoutRecordIsAnInternalError) {
  register_frames();
  Registers registers{};
  uint64_t stack[4] = {};
  registers.rsp = reinterpret_cast<uint64_t>(stack);
  registers.pc = 1;
  EXPECT_DEATH(poprt_unwind(&test_exception, &registers, true), "no unwind record for the return address");
}

TEST(Modules, FindsFunctionsAndLines) {
  register_frames();
  EXPECT_STREQ(describe_call_site(frames_passes_return).function, "passes");
  EXPECT_EQ(describe_call_site(frames_passes_return).line, 20u);
  EXPECT_STREQ(describe_address(frames_passes).function, "passes");
  EXPECT_EQ(describe_address(frames_passes).line, 20u);
  EXPECT_FALSE(find_call_site(frames_passes));
  EXPECT_TRUE(find_call_site(frames_raises_return));  // the last bytes of the module
  EXPECT_EQ(find_module(&test_exception), nullptr);
}

TEST(Modules, RefusesOverlaps) {
  register_frames();
  static tal_module inside{};
  inside.text = frames_passes;
  inside.text_size = 4;
  EXPECT_FALSE(register_module(&inside));
}

TEST(Trace, CountsRecursion) {
  Trace trace;
  for (int i = 0; i < 100; i++)
    trace.add(1);
  for (uint64_t i = 0; i < 100; i++)
    trace.add(2 + i);
  EXPECT_EQ(trace.count, Trace::capacity);
  EXPECT_EQ(trace.entries[0].times, 100u);
  EXPECT_EQ(trace.skipped, 101u - Trace::capacity);
}

}  // namespace
