// Unix: files by number, sockets, waiting, time. A failing call raises Unix_error(error number, name of the call), except where it is
// said otherwise. Waiting ends early when a signal arrives.
#ifndef UNIX_H
#define UNIX_H

// Events of Unix::poll.
#define POLL_IN 1
#define POLL_OUT 4
#define POLL_ERROR 8
#define POLL_HANGUP 16

prefix Unix {
open Unix {

// What failing calls raise: the error number and the name of the call.
extern exception Unix_error(*(int, string));

// The error number of the last fopen that returned null, and the text of an error number.
extern int last_error();
extern string error_string(int number);

// The number of this process.
extern int getpid();
// Seconds since 1970; milliseconds.
extern int time();
extern long time_ms();
// Waits so many milliseconds.
extern void sleep_ms(int milliseconds);

// Opens a file for reading; the descriptor.
extern int open_read(string path);
// Creates the file, or makes it empty.
extern int open_write(string path);
// Creates the file, or writes at its end.
extern int open_append(string path);
// The descriptor means nothing from now on.
extern void close(int fd);
// Bytes read into buf from position ofs on, at most max; 0 at the end, -1 if a non-blocking descriptor has nothing yet.
extern int read(int fd, string buf, int ofs, int max);
// Bytes written; -1 if a non-blocking descriptor takes none now.
extern int write(int fd, string buf, int ofs, int count);
// Removes a name of a file.
extern void unlink(string path);
// Size of a regular file; -1 for anything else.
extern int file_size(string path);
extern bool is_directory(string path);

// A socket that listens at an address (dotted, or a name) and port; port 0: any, see local_port.
extern int listen_tcp(string host, int port, int backlog);
// Connects to such an address.
extern int connect_tcp(string host, int port);
// The same at a path; a socket file that nobody listens on is replaced.
extern int listen_unix(string path, int backlog);
extern int connect_unix(string path);
// The next connection; -1 if nobody is waiting on a non-blocking socket.
extern int accept(int fd);
// The port that a socket is bound to.
extern int local_port(int fd);
// No more writes; the other side sees the end.
extern void shutdown_write(int fd);
// Calls of the descriptor return -1 instead of waiting; wait again.
extern void set_nonblock(int fd);
extern void clear_nonblock(int fd);

// Waits until the descriptor can be read (written), at most so many milliseconds; -1 is for ever. True if it can.
extern bool poll_in(int fd, int milliseconds);
extern bool poll_out(int fd, int milliseconds);
// Waits for any of several descriptors; fd -1 is left out. wanted and found are bits POLL_*. Returns how many have events.
extern int poll(int fd[], int wanted[], int found[], int milliseconds);

}}
#endif
