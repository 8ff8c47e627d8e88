// Natives check their arguments: each is called here the way verified code could at worst call it.
#include <gtest/gtest.h>

#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <string>

#include "stdlib/runtime/descriptors.h"
#include "stdlib/runtime/memory.h"
#include "stdlib/runtime/raise.h"
#include "stdlib/runtime/streams.h"

using poprt::String;

extern "C" {
String* poprt_body_new_string(uint64_t length);
String* poprt_body_Core__strconcat(const String* a, const String* b);
void poprt_body_Core__strncpy(String* to, uint64_t to_offset, const String* from, uint64_t from_offset, uint64_t count);
uint64_t poprt_Core__strcmp(const String* a, const String* b);
String* poprt_body_Core__string_of_int(uint64_t value);
String* poprt_body_Core__string_of_long(uint64_t value);
String* poprt_body_Core__string_of_ulong(uint64_t value);
String* poprt_body_Core__hex_string_of_uint(uint64_t value);
String* poprt_body_Core__format_integer_directive(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t);
String* poprt_body_Core__format_string_directive(const String*, uint64_t, uint64_t, uint64_t);
poprt::Stream* poprt_body_fopen(const char* name, const char* mode);
uint64_t poprt_body_f_close(poprt::Stream* stream);
uint64_t poprt_body_f_string_read(poprt::Stream* stream, String* buffer, uint64_t offset, uint64_t count);
uint64_t poprt_body_Unix__open_read(const String* path);
uint64_t poprt_body_Unix__open_write(const String* path);
uint64_t poprt_body_Unix__open_file(const String* path, uint64_t flags, uint64_t mode);
void poprt_body_Unix__truncate(const String* path, uint64_t length);
uint64_t poprt_body_Unix__read(uint64_t number, String* buffer, uint64_t offset, uint64_t count);
uint64_t poprt_body_Unix__write(uint64_t number, const String* buffer, uint64_t offset, uint64_t count);
void poprt_body_Unix__close(uint64_t number);
uint64_t poprt_body_Unix__listen_tcp(const String* host, uint64_t port, uint64_t backlog);
uint64_t poprt_body_Unix__connect_tcp(const String* host, uint64_t port);
uint64_t poprt_body_Unix__accept(uint64_t number);
uint64_t poprt_body_Unix__local_port(uint64_t number);
uint64_t poprt_body_Unix__poll_in(uint64_t number, uint64_t milliseconds);
void poprt_body_pop_exn_info(poprt::Stream* stream, const poprt::Exception* exception);
}

namespace {

using namespace poprt;

class Natives : public testing::Test {
protected:
  void SetUp() override {
    start_collector();
    poprt_pending = nullptr;
  }
  static const ExceptionName* raised() {
    const ExceptionName* name = poprt_pending == nullptr ? nullptr : poprt_pending->name;
    poprt_pending = nullptr;
    return name;
  }
  static String* text(const char* bytes) { return new_string_from(bytes); }
  static std::string read(const String* text) { return {text->bytes, static_cast<size_t>(text->length)}; }
};

constexpr uint64_t minus_one = 0xffffffff;  // as an int

TEST_F(Natives, NewStringChecksItsLength) {
  EXPECT_EQ(poprt_body_new_string(minus_one), nullptr);
  EXPECT_EQ(raised(), &poprt_Core__InvalidArg);
  EXPECT_EQ(poprt_body_new_string(0)->length, 0);
}

// attack F56
TEST_F(Natives, CopyingChecksBothRanges) {
  String* to = text("abcdef");
  String* from = text("xyz");
  poprt_body_Core__strncpy(to, 1, from, 0, 3);
  EXPECT_EQ(read(to), "axyzef");
  EXPECT_EQ(raised(), nullptr);
  const uint64_t bad[][3] = {{4, 0, 3}, {minus_one, 0, 1}, {0, 1, 3}, {0, minus_one, 1}, {0, 0, minus_one}, {0x7fffffff, 0, 1}};
  for (const auto& [to_offset, from_offset, count] : bad) {
    poprt_body_Core__strncpy(to, to_offset, from, from_offset, count);
    EXPECT_EQ(raised(), &poprt_Core__InvalidArg) << to_offset << " " << from_offset << " " << count;
  }
  poprt_body_Core__strncpy(to, 0, to, 1, 5);  // overlap
  EXPECT_EQ(read(to), "xyzeff");
}

TEST_F(Natives, ComparesUnsignedBytesThenLengths) {
  EXPECT_EQ(poprt_Core__strcmp(text("a"), text("a")), 0u);
  EXPECT_EQ(static_cast<int32_t>(poprt_Core__strcmp(text("a"), text("ab"))), -1);
  EXPECT_EQ(static_cast<int32_t>(poprt_Core__strcmp(text("\xff"), text("a"))), 255 - 'a');
}

TEST_F(Natives, NumbersBecomeText) {
  EXPECT_EQ(read(poprt_body_Core__string_of_int(0)), "0");
  EXPECT_EQ(read(poprt_body_Core__string_of_int(0x7fffffff)), "2147483647");
  EXPECT_EQ(read(poprt_body_Core__string_of_int(0x80000000)), "-2147483648");
  EXPECT_EQ(read(poprt_body_Core__string_of_long(uint64_t{1} << 63)), "-9223372036854775808");
  EXPECT_EQ(read(poprt_body_Core__string_of_ulong(UINT64_MAX)), "18446744073709551615");
  EXPECT_EQ(read(poprt_body_Core__hex_string_of_uint(0x1234567890)), "34567890");
}

TEST_F(Natives, FormatsDirectives) {
  const uint64_t minus = 1, zero = 2, none = minus_one;
  EXPECT_EQ(read(poprt_body_Core__format_integer_directive(42, 'd', zero, 5, none)), "00042");
  EXPECT_EQ(read(poprt_body_Core__format_integer_directive(static_cast<uint64_t>(-42), 'd', minus, 6, none)), "-42   ");
  EXPECT_EQ(read(poprt_body_Core__format_integer_directive(255, 'X', 16, 0, none)), "0XFF");
  EXPECT_EQ(read(poprt_body_Core__format_integer_directive(7, 'd', 0, 0, 3)), "007");
  EXPECT_EQ(read(poprt_body_Core__format_string_directive(text("abc"), minus, 5, none)), "abc  ");
  EXPECT_EQ(read(poprt_body_Core__format_string_directive(text("abc"), 0, 5, 2)), "   ab");
  for (const char conversion : {'n', 's', '\0', '%'}) {
    EXPECT_EQ(poprt_body_Core__format_integer_directive(1, static_cast<uint8_t>(conversion), 0, 0, none), nullptr);
    EXPECT_EQ(raised(), &poprt_Core__InvalidArg);
  }
  EXPECT_EQ(poprt_body_Core__format_integer_directive(1, 'd', 0, 100000, none), nullptr);
  EXPECT_EQ(raised(), &poprt_Core__InvalidArg);
}

// attack F49
TEST_F(Natives, AClosedStreamIsRefused) {
  Stream* stream = poprt_body_fopen("/dev/null", "r");
  ASSERT_NE(stream, nullptr);
  String* buffer = text("0123456789");
  EXPECT_EQ(poprt_body_f_string_read(stream, buffer, 0, 10), 0u);
  EXPECT_EQ(poprt_body_f_string_read(stream, buffer, 5, 6), 0u);
  EXPECT_EQ(raised(), &poprt_Core__InvalidArg);
  EXPECT_EQ(poprt_body_f_close(stream), 0u);
  poprt_body_f_close(stream);
  EXPECT_EQ(raised(), &poprt_Core__InvalidArg);
  poprt_body_f_string_read(nullptr, buffer, 0, 1);
  EXPECT_EQ(raised(), &poprt_NullPointer);
}

TEST_F(Natives, ProcessMemoryCannotBeOpenedForWriting) {
  EXPECT_EQ(poprt_body_fopen("/proc/self/mem", "r+"), nullptr);
  EXPECT_EQ(raised(), nullptr);
  poprt_body_Unix__open_write(text("/proc/self/mem"));
  EXPECT_EQ(raised(), &poprt_Unix__Unix_error);
}

// What is written to the file of a library shows in its code as it runs. A copy, so that no harm is done if this fails.
TEST_F(Natives, FilesThatCodeRunsFromCannotBeWritten) {
  const auto find_library = [](dl_phdr_info* object, size_t, void* name) {
    *static_cast<std::string*>(name) = object->dlpi_name;
    return std::strstr(object->dlpi_name, "/libm.so") != nullptr ? 1 : 0;
  };
  std::string library;
  if (dl_iterate_phdr(find_library, &library) == 0)
    GTEST_SKIP() << "no library to copy";
  const std::string copy = testing::TempDir() + "running-code-" + std::to_string(getpid()) + ".so";
  std::filesystem::copy_file(library, copy, std::filesystem::copy_options::overwrite_existing);
  poprt_body_Unix__close(poprt_body_Unix__open_file(text(copy.c_str()), O_RDWR, 0));
  EXPECT_EQ(raised(), nullptr);
  void* handle = dlopen(copy.c_str(), RTLD_NOW | RTLD_LOCAL);
  ASSERT_NE(handle, nullptr) << dlerror();
  for (const int mode : {O_WRONLY, O_RDWR}) {
    poprt_body_Unix__open_file(text(copy.c_str()), static_cast<uint64_t>(mode), 0);
    EXPECT_EQ(raised(), &poprt_Unix__Unix_error);
  }
  EXPECT_EQ(poprt_body_fopen(copy.c_str(), "r+"), nullptr);
  poprt_body_Unix__truncate(text(copy.c_str()), uint64_t{1} << 20);
  EXPECT_EQ(raised(), &poprt_Unix__Unix_error);
  poprt_body_Unix__close(poprt_body_Unix__open_read(text(copy.c_str())));
  EXPECT_EQ(raised(), nullptr);
  dlclose(handle);
  std::filesystem::remove(copy);
}

TEST_F(Natives, OnlyOwnDescriptorsAreUsable) {
  String* buffer = text("abc");
  const int other = dup(0);  // one that no native has opened
  for (const uint64_t number : {minus_one, uint64_t{0x7fffffff}, static_cast<uint64_t>(other)}) {
    poprt_body_Unix__read(number, buffer, 0, 1);
    EXPECT_EQ(raised(), &poprt_Unix__Unix_error);
    poprt_body_Unix__close(number);
    EXPECT_EQ(raised(), &poprt_Unix__Unix_error);
  }
  close(other);
  poprt_body_Unix__open_read(text("/nonexistent"));
  EXPECT_EQ(raised(), &poprt_Unix__Unix_error);
  poprt_body_Unix__open_read(new_string_from("/dev/null\0x", 11));
  EXPECT_EQ(raised(), &poprt_Core__InvalidArg);
}

TEST_F(Natives, SocketsTalk) {
  const uint64_t listener = poprt_body_Unix__listen_tcp(text("127.0.0.1"), 0, 4);
  ASSERT_EQ(raised(), nullptr);
  EXPECT_EQ(poprt_body_Unix__poll_in(listener, 0), 0u);
  const uint64_t client = poprt_body_Unix__connect_tcp(text("127.0.0.1"), poprt_body_Unix__local_port(listener));
  EXPECT_EQ(poprt_body_Unix__poll_in(listener, 1000), 1u);
  const uint64_t server = poprt_body_Unix__accept(listener);
  EXPECT_EQ(poprt_body_Unix__write(client, text("hello"), 1, 3), 3u);
  String* buffer = text("........");
  EXPECT_EQ(poprt_body_Unix__read(server, buffer, 2, 6), 3u);
  EXPECT_EQ(read(buffer), "..ell...");
  for (const uint64_t number : {client, server, listener})
    poprt_body_Unix__close(number);
  EXPECT_EQ(raised(), nullptr);
  poprt_body_Unix__close(client);
  EXPECT_EQ(raised(), &poprt_Unix__Unix_error);
  poprt_body_Unix__listen_tcp(text("127.0.0.1"), 70000, 1);
  EXPECT_EQ(raised(), &poprt_Core__InvalidArg);
}

// A static exception without payload has eight bytes, and may be the last object of its module.
TEST_F(Natives, WhatIsNotThereIsNotPrinted) {
  constexpr size_t page = 4096;
  auto* pages = static_cast<char*>(mmap(nullptr, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  ASSERT_NE(pages, MAP_FAILED);
  ASSERT_EQ(mprotect(pages + page, page, PROT_NONE), 0);
  const ExceptionName* name = &poprt_NullPointer;
  std::memcpy(pages + page - sizeof name, &name, sizeof name);
  Stream* stream = poprt_body_fopen("/dev/null", "w");
  ASSERT_NE(stream, nullptr);
  poprt_body_pop_exn_info(stream, reinterpret_cast<const Exception*>(pages + page - sizeof name));
  EXPECT_EQ(raised(), nullptr);
  EXPECT_EQ(poprt_body_f_close(stream), 0u);
  munmap(pages, 2 * page);
}

}  // namespace
