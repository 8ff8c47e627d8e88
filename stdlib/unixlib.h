// Unixlib: the interface of older programs to the operating system; unix.h is the newer one and does more. What fails raises
// Unix_error(*(error number, name of the call)), an argument that is none Core::InvalidArg. Flags are arrays of cases of a union, in any
// order. Numbers are ints: a file of 2 GB or more is told by Unix_error(EOVERFLOW, ..).
//
// Unix_error is that of unix.h: including this header opens the prefix Unix. Programs use this header or tal_sockets.h, not both.
#ifndef UNIXLIB_H
#define UNIXLIB_H
#include "core.h"

prefix Unix {
// What failing calls raise: the error number and the name of the call.
extern exception Unix_error(*(int, string));
}
open Unix;

// The text of an error number.
extern string unix_error_string(int number);
// The error numbers that programs ask for; unix.h has all.
enum unix_error_number {
  EPERM = 1, ENOENT = 2, EINTR = 4, EIO = 5, EBADF = 9, ECHILD = 10, EAGAIN = 11, EWOULDBLOCK = 11, EACCES = 13, EEXIST = 17, ENOTDIR = 20,
  EISDIR = 21, EINVAL = 22, EMFILE = 24, EPIPE = 32, EOVERFLOW = 75, EADDRINUSE = 98, ECONNRESET = 104, ETIMEDOUT = 110, ECONNREFUSED = 111,
  EINPROGRESS = 115
};

// ---- descriptors

// Descriptors that a program starts with.
enum unix_standard_descriptor { STDIN = 0, STDOUT = 1, STDERR = 2 };
// How a file is opened.
extern union open_flag { void O_RDONLY; void O_WRONLY; void O_RDWR; void O_CREAT; void O_EXCL; void O_APPEND; void O_TRUNC; }
// Permissions of a file that is created; S_IREAD, S_IWRITE, S_IEXEC are other names of S_IRUSR, S_IWUSR, S_IXUSR.
extern union open_mode_flag {
  void S_IRWXU; void S_IREAD; void S_IWRITE; void S_IEXEC; void S_IRUSR; void S_IWUSR; void S_IXUSR; void S_IRWXG; void S_IRGRP; void S_IWGRP;
  void S_IXGRP; void S_IRWXO; void S_IROTH; void S_IWOTH; void S_IXOTH;
}
// Opens a file; the descriptor, which means nothing once it is closed.
extern int unix_open(string path, open_flag flags[], open_mode_flag mode[]);
extern void unix_close(int fd);
// Reading, writing and accepting raise Unix_error(EAGAIN, ..) instead of waiting; wait again.
extern void unix_set_nonblock(int fd);
extern void unix_clear_nonblock(int fd);
// Bytes read into buf from position ofs on, at most len; 0 at the end.
extern int unix_read(int fd, string buf, int ofs, int len);
// Bytes written.
extern int unix_write(int fd, string buf, int ofs, int len);
// A part of a string.
extern struct iovec { string buf; int ofs; int len; }
// Writes the first `count` parts (at most 1024) in one call.
extern int unix_writev(int fd, iovec parts[], int count);
// Another descriptor of the same file, under a number of choice, closing what had it; under a new one.
extern void unix_dup2(int fd, int wanted);
extern int unix_dup(int fd);
// Sets of descriptors have room for the numbers below this one.
extern int unix_fd_setsize;

// ---- files

// Removes a name of a file.
extern void unix_unlink(string path);
// The directory where the process runs; another one; another root.
extern string unix_getcwd();
extern void unix_chdir(string path);
extern void unix_chroot(string path);
// What a symbolic link stands for.
extern string unix_readlink(string path);
// A copy of the bytes of a file, 0 beyond its end; what is done to it changes nothing in the file. Giving it up is not needed.
extern string unix_mmap(int fd, int ofs, int length);
extern void unix_munmap(string bytes);
// What is known of a file; times in seconds since 1970.
extern struct stat { int st_mode; int st_uid; int st_gid; int st_size; int st_atime; int st_mtime; int st_ctime; }
// Bits of st_mode that programs ask for.
enum unix_mode_bits {
  S_IRUSR = 0x100, S_IWUSR = 0x80, S_IXUSR = 0x40, S_IRGRP = 0x20, S_IWGRP = 0x10, S_IXGRP = 8, S_IROTH = 4, S_IWOTH = 2, S_IXOTH = 1, S_IFMT = 0xf000,
  S_IFREG = 0x8000, S_IFDIR = 0x4000
};
// Stores what is known of a path.
extern void unix_stat(string path, stat result);
// An entry of a directory, and a directory that is read. Using one that is null or closed raises NullPointer or Core::InvalidArg.
extern struct dirent { int d_ino; int d_off; int d_reclen; string d_name; }
extern DIR?;
// The length of a path, at most.
enum unix_path_limit { MAXPATHLEN = 4095 };
// Opens a directory, and closes it.
extern DIR unix_opendir(string path);
extern void unix_closedir(DIR d);
// Stores the next entry; false behind the last one.
extern bool unix_readdir(DIR d, dirent entry);
// Starts again; moves to a position that unix_telldir has returned for this directory.
extern void unix_rewinddir(DIR d);
extern void unix_seekdir(DIR d, int position);
extern int unix_telldir(DIR d);
// A descriptor of the directory, to be closed on its own.
extern int unix_dirfd(DIR d);

// ---- users

// A user; null if there is none.
extern ?struct passwd { string pw_name; string pw_passwd; int pw_uid; int pw_gid; string pw_gecos; string pw_dir; string pw_shell; }
extern passwd unix_getpwnam(string name);
extern passwd unix_getpwuid(int uid);
// The user who this process runs for, whose rights it has, and other ones.
extern int unix_getuid();
extern int unix_geteuid();
extern void unix_setuid(int uid);
extern void unix_setgid(int gid);

// ---- time

// Seconds since 1970, and the microseconds behind them; a span of time.
extern struct timeval { int tv_sec; int tv_usec; }
extern void unix_gettimeofday(timeval result);
extern int unix_time();
// A time of the calendar: months from 0, years from 1900, days of the week from Sunday, days of the year from 0.
extern struct tm { int tm_sec; int tm_min; int tm_hour; int tm_mday; int tm_mon; int tm_year; int tm_wday; int tm_yday; bool tm_isdst; }
// The calendar of a time: of Greenwich, of this place.
extern tm unix_gmtime(int seconds);
extern tm unix_localtime(int seconds);
// Stores a text by a format of the C library, and a byte 0 behind it. How many bytes it has; 0 if that would be maxlen or more.
extern int unix_strftime(string s, int maxlen, string format, tm t);

// ---- waiting

// A set of descriptors.
extern fd_set?;
// A new one with nothing in it.
extern fd_set unix_empty_set();
// Takes a descriptor out; is it in? Puts it in; takes everything out; makes one set like another.
extern void unix_fd_clr(int fd, fd_set set);
extern bool unix_fd_isset(int fd, fd_set set);
extern void unix_fd_set(int fd, fd_set set);
extern void unix_fd_zero(fd_set set);
extern void unix_copy_fd_set(fd_set dst, fd_set src);
// Waits until a descriptor below max_fd that is in a set can be read, written, or has urgent data, and leaves those that can; a set may
// be null. How many there are; 0 when the time is over.
extern int unix_select(int max_fd, fd_set read_fds, fd_set write_fds, fd_set except_fds, timeval timeout);

// ---- processes

// Makes a copy of the process: 0 in it, its number in this one.
extern int unix_fork();
// Becomes another program with the first `count` of the arguments, the first of which is its name.
extern void unix_execv(string path, string args[], int count);
// What has become of a process: its exit status, or the signal that ended or stopped it.
extern union process_status { int WEXITED; int WSIGNALED; int WSTOPPED; }
// Do not wait; tell of processes that are stopped.
extern union wait_flag { void WNOHANG; void WUNTRACED; }
// Waits for a child (-1: any); with WNOHANG the number is 0 if nothing has happened.
extern *(int, process_status) unix_waitpid(wait_flag flags[], int pid);

// Signals.
extern union signal_number {
  void SIGINT; void SIGPIPE; void SIGTERM; void SIGCHLD; void SIGHUP; void SIGQUIT; void SIGUSR1; void SIGUSR2; void SIGALRM; void SIGCONT; void SIGTSTP;
  void SIGTTIN; void SIGTTOU; void SIGURG; void SIGWINCH; void SIGIO; void SIGVTALRM; void SIGPROF;
}
// What a signal does: what the system wants, nothing, or a function is called. It is called by the next function of this module that
// waits, before or after it does; one that was waiting raises Unix_error(EINTR, ..) then.
extern union signal_behavior { void Signal_default; void Signal_ignore; void Signal_handle(signal_number); }
extern void unix_signal(signal_behavior what, signal_number which);
// Calls the functions of signals that have arrived, for programs that do not wait. Was there any?
extern bool unix_handle_signals();
// What a signal is called.
extern string unix_signal_string(signal_number which);

// ---- sockets

// An address: a path; the address of a host, as unix_gethostbyname finds it, and a port.
extern union sockaddr { string ADDR_UNIX; *(int, int) ADDR_INET; }
// Any address of this machine.
enum unix_any_address { INADDR_ANY = 0 };
// Families and kinds of sockets.
extern union socket_domain { void PF_UNIX; void PF_INET; }
extern union socket_type { void SOCK_STREAM; void SOCK_DGRAM; void SOCK_RAW; void SOCK_SEQPACKET; }
// Makes a socket; stores two that are connected.
extern int unix_socket(socket_domain domain, socket_type type, int protocol);
extern void unix_socketpair(socket_domain domain, socket_type type, int protocol, int ends[]);
// The next connection and the address of its other end. One without a name has the address ADDR_UNIX("").
extern *(int, sockaddr) unix_accept(int fd);
// Gives a socket an address; connects to one; lets others connect.
extern void unix_bind(int fd, sockaddr address);
extern void unix_connect(int fd, sockaddr address);
extern void unix_listen(int fd, int backlog);
// unix_read and unix_write for sockets, with flags and the address of the other end.
extern union msg_flag { void MSG_OOB; void MSG_DONTROUTE; void MSG_PEEK; }
extern int unix_recv(int fd, string buf, int ofs, int len, msg_flag flags[]);
extern *(int, sockaddr) unix_recvfrom(int fd, string buf, int ofs, int len, msg_flag flags[]);
extern int unix_send(int fd, string buf, int ofs, int len, msg_flag flags[]);
extern int unix_sendto(int fd, string buf, int ofs, int len, msg_flag flags[], sockaddr dest);
// Options of sockets, whose values are numbers.
extern union socket_option {
  void SO_DEBUG; void SO_BROADCAST; void SO_REUSEADDR; void SO_KEEPALIVE; void SO_DONTROUTE; void SO_OOBINLINE; void SO_SNDBUF; void SO_TCPNODELAY;
}
extern int unix_getsockopt(int fd, socket_option option);
extern void unix_setsockopt(int fd, socket_option option, int value);
// A host: its name, other names, the addresses it has.
extern struct host_entry { string h_name; string h_aliases[]; socket_domain h_addrtype; int h_addr_list[]; }
// The first address of a host_entry, as a field.
#define h_addr h_addr_list[0]
// By name; by address.
extern host_entry unix_gethostbyname(string name);
extern host_entry unix_gethostbyaddr(int address);
// An address in numbers.
extern string unix_inet_ntoa(int address);

// ---- limits

// What is limited.
extern union rlimit_resource {
  void RLIMIT_CPU; void RLIMIT_FSIZE; void RLIMIT_DATA; void RLIMIT_STACK; void RLIMIT_CORE; void RLIMIT_RSS; void RLIMIT_NPROC; void RLIMIT_NOFILE;
  void RLIMIT_MEMLOCK;
}
// No limit, or one that an int does not hold.
enum unix_no_limit { RLIM_INFINITY = 0x7fffffff };
// Stores, and sets, the soft and the hard limit.
extern void unix_getrlimit(rlimit_resource resource, *(int, int) limits);
extern void unix_setrlimit(rlimit_resource resource, *(int, int) limits);

#endif
