// Buffer: strings that grow. Adding n bytes takes time in proportion to n, however long the buffer is.
#ifndef BUFFER_H
#define BUFFER_H
prefix Buffer {
open Buffer {

// The type of buffers, abstract.
extern t;

// An empty buffer with room for n bytes; more are found when they are needed. Any n will do.
extern Buffer::t create(int n);
// A copy of what has been added.
extern string contents(Buffer::t b);
// The same into s from position ofs on, and a byte 0 behind it if there is room. Raises Core::InvalidArg if s is too short.
extern void copy_contents(Buffer::t b, string s, int ofs);
extern int length(Buffer::t b);
// Empties the buffer; reset also gives up the room that it took since its creation.
extern void clear(Buffer::t b);
extern void reset(Buffer::t b);

// Add at the end.
extern void add_char(Buffer::t b, char c);
extern void add_string(Buffer::t b, string s);
// Adds len bytes of s from position ofs on; raises Core::InvalidArg if they do not lie in it.
extern void add_substring(Buffer::t b, string s, int ofs, int len);
// Adds what is in another buffer, or in the same.
extern void add_buffer(Buffer::t b, Buffer::t other);

}}
#endif
