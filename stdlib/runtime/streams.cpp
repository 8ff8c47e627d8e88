// Buffered streams over the C library. Each native checks its handle: null raises NullPointer, a closed one
// Core::InvalidArg. Failing writes are not reported at the write; f_close and fflush report them.
#include "stdlib/runtime/streams.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "stdlib/runtime/decimal.h"
#include "stdlib/runtime/descriptors.h"
#include "stdlib/runtime/raise.h"
#include "stdlib/runtime/system.h"

using namespace poprt;

extern "C" {
// Variables of the type FILE, assignable from Popcorn; static data of the runtime is a root.
poprt::Stream* poprt_tal_stdin;
poprt::Stream* poprt_tal_stdout;
poprt::Stream* poprt_tal_stderr;
}

namespace {

Stream standard_streams[3];

Stream* new_stream(std::FILE* file) {
  auto* stream = static_cast<Stream*>(allocate_pointer_free(sizeof(Stream)));
  if (stream == nullptr)
    std::fclose(file);
  else
    stream->file = file;
  return stream;
}

// The access mode of fopen: r, w or a, then + and b in any order.
bool is_mode(const char* mode) {
  return mode[0] != '\0' && std::strchr("rwa", mode[0]) != nullptr && std::strspn(mode + 1, "+b") == std::strlen(mode + 1);
}

void print(Stream* stream, const char* native, const NumberText& text) {
  write_bytes(stream, text.begin(), text.size(), native);
}

}  // namespace

void poprt::open_standard_streams() {
  std::FILE* const files[] = {stdin, stdout, stderr};
  for (int i = 0; i < 3; i++)
    standard_streams[i].file = files[i];
  poprt_tal_stdin = &standard_streams[0];
  poprt_tal_stdout = &standard_streams[1];
  poprt_tal_stderr = &standard_streams[2];
}

std::FILE* poprt::open_file(const Stream* stream, const char* native) {
  if (stream == nullptr)
    raise_null_pointer();
  else if (stream->file == nullptr)
    raise_invalid_argument(native);
  else
    return stream->file;
  return nullptr;
}

bool poprt::write_bytes(Stream* stream, const char* bytes, size_t count, const char* native) {
  std::FILE* file = open_file(stream, native);
  if (file != nullptr)
    fwrite_unlocked(bytes, 1, count, file);
  return file != nullptr;
}

POPRT_THROWING(void, fprint_int, (Stream* stream, uint64_t value)) {
  print(stream, "fprint_int", NumberText::of_signed(to_int(value)));
}

POPRT_THROWING(void, fprint_uint, (Stream* stream, uint64_t value)) {
  print(stream, "fprint_uint", NumberText::of_unsigned(static_cast<uint32_t>(value)));
}

POPRT_THROWING(void, fprint_long, (Stream* stream, uint64_t value)) {
  print(stream, "fprint_long", NumberText::of_signed(static_cast<int64_t>(value)));
}

POPRT_THROWING(void, fprint_ulong, (Stream* stream, uint64_t value)) {
  print(stream, "fprint_ulong", NumberText::of_unsigned(value));
}

POPRT_THROWING(void, fprint_string, (Stream* stream, const String* text)) {
  write_bytes(stream, text->bytes, static_cast<size_t>(text->length), "fprint_string");
}

POPRT_THROWING(void, fprint_char, (Stream* stream, uint64_t character)) {
  if (std::FILE* file = open_file(stream, "fprint_char"))
    putc_unlocked(to_byte(character), file);
}

POPRT_THROWING(void, fprint_newline, (Stream* stream)) {
  if (std::FILE* file = open_file(stream, "fprint_newline"))
    putc_unlocked('\n', file);
}

POPRT_THROWING(void, Core__fprint_hex, (Stream* stream, uint64_t value)) {
  print(stream, "fprint_hex", NumberText::of_unsigned(static_cast<uint32_t>(value), 16));
}

// Null when the file cannot be opened; the caller asks Unix::last_error for the reason.
POPRT_THROWING(Stream*, fopen, (const char* name, const char* mode)) {
  if (name == nullptr || mode == nullptr) {
    raise_null_pointer();
    return nullptr;
  }
  if (!is_mode(mode)) {
    raise_invalid_argument("fopen: mode");
    return nullptr;
  }
  std::FILE* file = std::fopen(name, mode);
  if (file != nullptr && !may_be_written(fileno(file))) {
    std::fclose(file);
    file = nullptr;
    errno = EACCES;
  }
  remember_error();
  return file == nullptr ? nullptr : new_stream(file);
}

// The stream takes the descriptor over: no number names it any more, so nobody closes it, or uses another file in its place, meanwhile.
POPRT_THROWING(Stream*, Unix__stream_of, (uint64_t number, const String* mode)) {
  constexpr int64_t mode_limit = 3;
  const int descriptor = usable_descriptor(number, "stream_of");
  if (descriptor < 0)
    return nullptr;
  char text[mode_limit + 1] = {};
  std::memcpy(text, mode->bytes, static_cast<size_t>(mode->length < mode_limit ? mode->length : mode_limit));
  if (mode->length > mode_limit || !is_mode(text)) {
    raise_invalid_argument("stream_of");
    return nullptr;
  }
  std::FILE* file = nullptr;
  errno = EINVAL;
  if (!is_standard(descriptor))
    file = fdopen(descriptor, text);
  if (file == nullptr) {
    raise_unix_error(errno, "stream_of");
    return nullptr;
  }
  leave_descriptor(descriptor);
  return new_stream(file);
}

POPRT_THROWING(uint64_t, Unix__descriptor_of, (const Stream* stream)) {
  std::FILE* file = open_file(stream, "descriptor_of");
  return file == nullptr ? 0 : from_int(enter_descriptor(fcntl(fileno(file), F_DUPFD_CLOEXEC, 0), "descriptor_of"));
}

// 0, or the error number of the last flush.
POPRT_THROWING(uint64_t, f_close, (Stream* stream)) {
  std::FILE* file = open_file(stream, "f_close");
  if (file == nullptr)
    return 0;
  stream->file = nullptr;
  if (is_standard(fileno(file))) // the runtime's own messages still use it
    return from_int(std::fflush(file) == 0 && replace_standard_descriptor(fileno(file)) ? 0 : errno);
  return from_int(std::fclose(file) == 0 ? 0 : errno);
}

POPRT_THROWING(void, fflush, (Stream* stream)) {
  if (std::FILE* file = open_file(stream, "fflush"))
    if (std::fflush(file) != 0)
      raise_unix_error(errno, "fflush");
}

// 255 at the end of the file, which f_eof tells from a byte of that value.
POPRT_THROWING(uint64_t, fgetc, (Stream* stream)) {
  std::FILE* file = open_file(stream, "fgetc");
  return file == nullptr ? 0 : to_byte(static_cast<uint64_t>(getc_unlocked(file)));
}

POPRT_THROWING(uint64_t, f_eof, (Stream* stream)) {
  std::FILE* file = open_file(stream, "f_eof");
  return file != nullptr && feof_unlocked(file) != 0 ? 1 : 0;
}

POPRT_THROWING(uint64_t, ungetc, (Stream* stream, uint64_t character)) {
  std::FILE* file = open_file(stream, "ungetc");
  return file == nullptr ? 0 : from_int(std::ungetc(to_byte(character), file));
}

POPRT_THROWING(uint64_t, f_string_read, (Stream* stream, String* buffer, uint64_t offset, uint64_t count)) {
  std::FILE* file = open_file(stream, "f_string_read");
  if (file == nullptr || !check_range(buffer, to_int(offset), to_int(count), "f_string_read"))
    return 0;
  return from_int(static_cast<int64_t>(
      fread_unlocked(buffer->bytes + to_int(offset), 1, static_cast<size_t>(to_int(count)), file)));
}

// Bytes of a file that can be named and has a size; 0 otherwise.
POPRT_THROWING(uint64_t, f_length, (const char* name)) {
  if (name == nullptr) {
    raise_null_pointer();
    return 0;
  }
  struct stat status {};
  if (stat(name, &status) != 0 || !S_ISREG(status.st_mode) || status.st_size > max_length)
    return 0;
  return from_int(status.st_size);
}
