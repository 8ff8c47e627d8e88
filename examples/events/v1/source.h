// The event stream: whole lines from a file that grows, a FIFO or a terminal.
#ifndef SOURCE_H
#define SOURCE_H
#include "inbox.h"
prefix Source {
open Source {

extern struct source {
  const int fd;
  const string buffer;
  int used;
}

extern source follow(string path);

// Moves the lines that have arrived to `lines`, waiting at most `timeout` milliseconds for the first.
extern void pump(source s, <string>Inbox::inbox lines, int timeout);

}}
#endif
