/* Between Popcorn and zlib: what zlib.tali promises is kept here. Each argument is checked, each result is what its type says. */
#include <popcorn_native.h>
#include <string.h>
#include <zlib.h>

POP_EXCEPTION(Zlib__Error);

static pop_string *text(const char *bytes, size_t length) {
  pop_string *s = pop_new_string((int64_t)length);
  if (s != NULL)
    memcpy(s->bytes, bytes, length);
  return s;
}

static void fail(int status) {
  const char *why = zError(status);
  pop_string *s = text(why, strlen(why));
  if (s != NULL)
    pop_raise(&popnat_Zlib__Error, (uint64_t)s);
}

POP_THROWING(pop_string *, Zlib__version, (void)) { return text(zlibVersion(), strlen(zlibVersion())); }

POP_THROWING(uint64_t, Zlib__crc32, (uint64_t sum, const pop_string *s, uint64_t offset, uint64_t count)) {
  const int64_t from = pop_int(offset), n = pop_int(count);
  if (from < 0 || n < 0 || from + n > s->length) {
    pop_raise_invalid_argument("Zlib::crc32");
    return 0;
  }
  return pop_from_int((int32_t)crc32((uint32_t)pop_int(sum), (const Bytef *)s->bytes + from, (uInt)n));
}

POP_THROWING(pop_string *, Zlib__compress, (const pop_string *s, uint64_t level)) {
  if (pop_int(level) < 0 || pop_int(level) > 9) {
    pop_raise_invalid_argument("Zlib::compress");
    return NULL;
  }
  uLongf size = compressBound((uLong)s->length);
  pop_string *room = pop_new_string((int64_t)size);
  if (room == NULL)
    return NULL;
  const int status = compress2((Bytef *)room->bytes, &size, (const Bytef *)s->bytes, (uLong)s->length, pop_int(level));
  if (status != Z_OK) {
    fail(status);
    return NULL;
  }
  return text(room->bytes, size);
}

POP_THROWING(pop_string *, Zlib__uncompress, (const pop_string *s, uint64_t most)) {
  uLongf size = (uLongf)(pop_int(most) < 0 ? 0 : pop_int(most));
  pop_string *room = pop_new_string((int64_t)size);
  if (room == NULL)
    return NULL;
  const int status = uncompress((Bytef *)room->bytes, &size, (const Bytef *)s->bytes, (uLong)s->length);
  if (status != Z_OK) {
    fail(status);
    return NULL;
  }
  return text(room->bytes, size);
}
