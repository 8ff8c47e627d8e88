// Lines from standard input, without blocking for longer than asked.
#ifndef LINE_H
#define LINE_H
prefix Line {
// The next line, or "" if there is none within `timeout` milliseconds. "quit" at the end of the input.
extern string next(int timeout);
}
#endif
