// Unix: files by number, directories, processes, signals, sockets, waiting, time, users. A failing call raises Unix_error(error number,
// name of the call), an argument that is none Core::InvalidArg, except where it is said otherwise. Waiting ends early when a signal
// arrives. Descriptors are closed when another program is executed, but for 0, 1, 2 and copies made by dup2 (see set_inherited).
//
// Numbers of descriptors that no function here has returned mean nothing: Unix_error(EBADF, ..).
#ifndef UNIX_H
#define UNIX_H
#include "core.h"

// Events of Unix::poll.
#define POLL_IN 1
#define POLL_OUT 4
#define POLL_ERROR 8
#define POLL_HANGUP 16

prefix Unix {
open Unix {

// What failing calls raise: the error number and the name of the call.
extern exception Unix_error(*(int, string));

// Error numbers.
enum error_number {
  EPERM = 1, ENOENT = 2, ESRCH = 3, EINTR = 4, EIO = 5, ENXIO = 6, E2BIG = 7, ENOEXEC = 8, EBADF = 9, ECHILD = 10, EAGAIN = 11, EWOULDBLOCK = 11,
  ENOMEM = 12, EACCES = 13, EFAULT = 14, ENOTBLK = 15, EBUSY = 16, EEXIST = 17, EXDEV = 18, ENODEV = 19, ENOTDIR = 20, EISDIR = 21, EINVAL = 22,
  ENFILE = 23, EMFILE = 24, ENOTTY = 25, ETXTBSY = 26, EFBIG = 27, ENOSPC = 28, ESPIPE = 29, EROFS = 30, EMLINK = 31, EPIPE = 32, EDOM = 33,
  ERANGE = 34, EDEADLK = 35, EDEADLOCK = 35, ENAMETOOLONG = 36, ENOLCK = 37, ENOSYS = 38, ENOTEMPTY = 39, ELOOP = 40, ENOMSG = 42, EIDRM = 43,
  ECHRNG = 44, EL2NSYNC = 45, EL3HLT = 46, EL3RST = 47, ELNRNG = 48, EUNATCH = 49, ENOCSI = 50, EL2HLT = 51, EBADE = 52, EBADR = 53, EXFULL = 54,
  ENOANO = 55, EBADRQC = 56, EBADSLT = 57, EBFONT = 59, ENOSTR = 60, ENODATA = 61, ETIME = 62, ENOSR = 63, ENONET = 64, ENOPKG = 65, EREMOTE = 66,
  ENOLINK = 67, EADV = 68, ESRMNT = 69, ECOMM = 70, EPROTO = 71, EMULTIHOP = 72, EDOTDOT = 73, EBADMSG = 74, EOVERFLOW = 75, ENOTUNIQ = 76,
  EBADFD = 77, EREMCHG = 78, ELIBACC = 79, ELIBBAD = 80, ELIBSCN = 81, ELIBMAX = 82, ELIBEXEC = 83, EILSEQ = 84, ERESTART = 85, ESTRPIPE = 86,
  EUSERS = 87, ENOTSOCK = 88, EDESTADDRREQ = 89, EMSGSIZE = 90, EPROTOTYPE = 91, ENOPROTOOPT = 92, EPROTONOSUPPORT = 93, ESOCKTNOSUPPORT = 94,
  ENOTSUP = 95, EOPNOTSUPP = 95, EPFNOSUPPORT = 96, EAFNOSUPPORT = 97, EADDRINUSE = 98, EADDRNOTAVAIL = 99, ENETDOWN = 100, ENETUNREACH = 101,
  ENETRESET = 102, ECONNABORTED = 103, ECONNRESET = 104, ENOBUFS = 105, EISCONN = 106, ENOTCONN = 107, ESHUTDOWN = 108, ETOOMANYREFS = 109,
  ETIMEDOUT = 110, ECONNREFUSED = 111, EHOSTDOWN = 112, EHOSTUNREACH = 113, EALREADY = 114, EINPROGRESS = 115, ESTALE = 116, EUCLEAN = 117,
  ENOTNAM = 118, ENAVAIL = 119, EISNAM = 120, EREMOTEIO = 121, EDQUOT = 122, ENOMEDIUM = 123, EMEDIUMTYPE = 124, ECANCELED = 125, ENOKEY = 126,
  EKEYEXPIRED = 127, EKEYREVOKED = 128, EKEYREJECTED = 129, EOWNERDEAD = 130, ENOTRECOVERABLE = 131, ERFKILL = 132
};

// The error number of the last call that failed (fopen, which returns null, included), and the text of an error number.
extern int last_error();
extern string error_string(int number);

// ---- time

// Seconds since 1970; milliseconds.
extern int time();
extern long time_ms();
// Clocks, and their nanoseconds.
enum clock { CLOCK_REALTIME = 0, CLOCK_MONOTONIC = 1, CLOCK_PROCESS_CPUTIME_ID = 2, CLOCK_BOOTTIME = 7 };
extern long clock_gettime(int clock);
// Waits so many milliseconds.
extern void sleep_ms(int milliseconds);

// A time of the calendar: months from 0, years from 1900, days of the week from Sunday, days of the year from 0.
extern struct tm {
  int tm_sec; int tm_min; int tm_hour; int tm_mday; int tm_mon; int tm_year; int tm_wday; int tm_yday; bool tm_isdst;
}
// The calendar of a time in seconds since 1970: of Greenwich, of this place.
extern Unix::tm gmtime(long seconds);
extern Unix::tm localtime(long seconds);
// And back; fields out of their range are carried over.
extern long timegm(Unix::tm t);
extern long mktime(Unix::tm t);
// A text by a format of the C library; "" if it has more than 8000 bytes.
extern string strftime(string format, Unix::tm t);

// ---- files

// How a file is opened: one of the first three, with others added by |.
enum open_flags {
  O_RDONLY = 0, O_WRONLY = 1, O_RDWR = 2, O_CREAT = 0x40, O_EXCL = 0x80, O_NOCTTY = 0x100, O_TRUNC = 0x200, O_APPEND = 0x400,
  O_NONBLOCK = 0x800, O_DSYNC = 0x1000, O_DIRECTORY = 0x10000, O_NOFOLLOW = 0x20000, O_CLOEXEC = 0x80000, O_SYNC = 0x101000
};
// Bits of the mode of a file: permissions, and what it is (compare st_mode & S_IFMT).
enum mode_bits {
  S_IRWXU = 0x1c0, S_IRUSR = 0x100, S_IWUSR = 0x80, S_IXUSR = 0x40, S_IRWXG = 0x38, S_IRGRP = 0x20, S_IWGRP = 0x10, S_IXGRP = 0x8,
  S_IRWXO = 7, S_IROTH = 4, S_IWOTH = 2, S_IXOTH = 1, S_ISUID = 0x800, S_ISGID = 0x400, S_ISVTX = 0x200,
  S_IFMT = 0xf000, S_IFSOCK = 0xc000, S_IFLNK = 0xa000, S_IFREG = 0x8000, S_IFBLK = 0x6000, S_IFDIR = 0x4000, S_IFCHR = 0x2000, S_IFIFO = 0x1000
};

// Opens a file; the mode is that of one that is created. Files of /proc cannot be written.
extern int open_file(string path, int flags, int mode);
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
// The same at a place of the file, whose position stays.
extern int pread(int fd, string buf, int ofs, int max, long at);
extern int pwrite(int fd, string buf, int ofs, int count, long at);
// Writes the first `pieces` (at most 1024) of several parts of strings in one call.
extern int writev(int fd, string buf[], int ofs[], int count[], int pieces);
// Copies from a file to another descriptor, from a place on or (-1) from where it stands; bytes copied, -1 as for write.
extern long sendfile(int to, int from, long at, long count);
// Moves the position of a file, counted from its start, from the position or from its end; the new one.
enum seek_from { SEEK_SET = 0, SEEK_CUR = 1, SEEK_END = 2 };
extern long lseek(int fd, long offset, int from);
// Makes a file as long as that.
extern void ftruncate(int fd, long length);
extern void truncate(string path, long length);
// Returns when everything written is on the disk.
extern void fsync(int fd);
// Another descriptor of the same file; the second one under a number of choice, closing what had it.
extern int dup(int fd);
extern void dup2(int fd, int wanted);
// Stores two descriptors: what is written to the second one is read from the first.
extern void pipe(int ends[]);
// Calls of the descriptor return -1 instead of waiting; wait again.
extern void set_nonblock(int fd);
extern void clear_nonblock(int fd);
// Is the descriptor open in a program that execv starts?
extern void set_inherited(int fd, bool inherited);
// A stream of a descriptor, whose number means nothing from now on; the mode is one of fopen. Not of 0, 1 and 2.
extern FILE stream_of(int fd, string mode);
// A descriptor of a stream, to be closed on its own. It knows nothing of what the stream keeps in its buffer.
extern int descriptor_of(FILE f);
// Is it a terminal?
extern bool isatty(int fd);

// What is known of a file; times in seconds since 1970, and the nanoseconds behind them.
extern struct file_status {
  long st_dev; long st_ino; int st_mode; long st_nlink; int st_uid; int st_gid; long st_rdev; long st_size; long st_blksize; long st_blocks;
  long st_atime; long st_mtime; long st_ctime; long st_atime_ns; long st_mtime_ns; long st_ctime_ns;
}
// Of a path (of a symbolic link itself: lstat), of a descriptor.
extern Unix::file_status stat(string path);
extern Unix::file_status lstat(string path);
extern Unix::file_status fstat(int fd);
// Size of a regular file; -1 for anything else.
extern int file_size(string path);
extern bool is_directory(string path);
// May this process do that with a file?
enum access_mode { F_OK = 0, X_OK = 1, W_OK = 2, R_OK = 4 };
extern bool access(string path, int mode);

// Removes a name of a file.
extern void unlink(string path);
// Gives a file another name, one more name, a name that stands for a path; what such a name stands for.
extern void rename(string from, string to);
extern void link(string from, string to);
extern void symlink(string target, string path);
extern string readlink(string path);
// Makes and removes directories.
extern void mkdir(string path, int mode);
extern void rmdir(string path);
// Sets the permissions of a file; those that new files do not get (returns what these were).
extern void chmod(string path, int mode);
extern int umask(int mask);
// The directory where the process runs; another one; another root.
extern string getcwd();
extern void chdir(string path);
extern void chroot(string path);

// A directory that is read. Using one that is null or closed raises NullPointer or Core::InvalidArg.
extern DIR?;
// An entry: number of the file, position behind it, length of the entry, name.
extern struct dirent { long d_ino; long d_off; int d_reclen; string d_name; }
// Opens a directory, and closes it.
extern Unix::DIR opendir(string path);
extern void closedir(Unix::DIR d);
// Stores the next entry; false behind the last one.
extern bool readdir(Unix::DIR d, Unix::dirent entry);
// The names of a directory, without "." and "..", as they come.
extern string directory_names(string path)[];
// Starts again; moves to a position that telldir has returned.
extern void rewinddir(Unix::DIR d);
extern void seekdir(Unix::DIR d, long position);
extern long telldir(Unix::DIR d);
// A descriptor of the directory, to be closed on its own.
extern int dirfd(Unix::DIR d);

// ---- processes

// Makes a copy of the process: 0 in it, its number in this one. Streams are flushed before.
// The copy of an updateable program can be updated by itself from its first update point on.
extern int fork();
// Becomes another program; args[0] is its name. Streams are flushed before.
extern void execv(string path, string args[]);
// The same with an environment, of strings NAME=VALUE.
extern void execve(string path, string args[], string env[]);
// Ends the process without flushing streams.
extern void exit_now(int status);
// What has become of a process: is it over, its exit status or the signal that ended or stopped it (0: none).
extern struct process_state { int pid; bool exited; int status; int signal; bool stopped; }
// Waits for a child (-1: any). With WNOHANG the pid is 0 if nothing has happened.
enum wait_flags { WNOHANG = 1, WUNTRACED = 2 };
extern Unix::process_state waitpid(int pid, int flags);
// Sends a signal; 0 only asks whether the process is there.
extern void kill(int pid, int signal);
// The number of this process, of its parent.
extern int getpid();
extern int getppid();
// Makes this process the leader of a new session.
extern int setsid();

// Users and groups of this process: who it runs for, what it may do.
extern int getuid();
extern int geteuid();
extern int getgid();
extern int getegid();
extern void setuid(int uid);
extern void setgid(int gid);
// A user; null if there is none.
extern ?struct passwd { string pw_name; string pw_passwd; int pw_uid; int pw_gid; string pw_gecos; string pw_dir; string pw_shell; }
extern Unix::passwd getpwnam(string name);
extern Unix::passwd getpwuid(int uid);
// Limits of this process, soft and hard; -1 is none. That of the stack cannot be set.
enum resource {
  RLIMIT_CPU = 0, RLIMIT_FSIZE = 1, RLIMIT_DATA = 2, RLIMIT_STACK = 3, RLIMIT_CORE = 4, RLIMIT_RSS = 5, RLIMIT_NPROC = 6, RLIMIT_NOFILE = 7, RLIMIT_MEMLOCK = 8, RLIMIT_AS = 9
};
extern *(long, long) getrlimit(int resource);
extern void setrlimit(int resource, long soft, long hard);
// The name of this machine.
extern string gethostname();

// ---- signals

// Numbers of signals.
enum signal_number {
  SIGHUP = 1, SIGINT = 2, SIGQUIT = 3, SIGKILL = 9, SIGUSR1 = 10, SIGUSR2 = 12, SIGPIPE = 13, SIGALRM = 14, SIGTERM = 15, SIGCHLD = 17, SIGCONT = 18,
  SIGSTOP = 19, SIGTSTP = 20, SIGTTIN = 21, SIGTTOU = 22, SIGURG = 23, SIGWINCH = 28, SIGIO = 29, SIGVTALRM = 26, SIGPROF = 27
};
// What a signal does: what the system wants, nothing, or to be noted. A program handles those that are noted by asking
// next_signal, usually when a call that waits has ended early. SIGPIPE does nothing at the start. Signals that tell of errors
// of the processor, SIGKILL and SIGSTOP cannot be changed: Unix_error(EINVAL, ..).
enum signal_action { SIGNAL_DEFAULT = 0, SIGNAL_IGNORE = 1, SIGNAL_NOTE = 2 };
extern void catch_signal(int signal, int action);
// A signal that has been noted and was not returned yet, or 0. While there is one, calls that were interrupted raise
// Unix_error(EINTR, ..) instead of going on.
extern int next_signal();
// Keeps a signal waiting, or lets it through.
extern void block_signal(int signal, bool on);
// What a signal is called.
extern string signal_string(int signal);
// Sends this process a SIGALRM after so many seconds (0: not at all); how many the last alarm had left.
extern int alarm(int seconds);
// A descriptor from which these signals are read, which are blocked; the next one, -1 if a non-blocking one has none.
extern int signalfd(int signals[]);
extern int read_signal(int fd);

// ---- sockets

// A socket that listens at an address (in numbers, or a name; "" is any) and port; port 0: any, see local_port.
extern int listen_tcp(string host, int port, int backlog);
// Connects to such an address.
extern int connect_tcp(string host, int port);
// The same at a path; a socket file that nobody listens on is replaced.
extern int listen_unix(string path, int backlog);
extern int connect_unix(string path);
// The next connection; -1 if nobody is waiting on a non-blocking socket.
extern int accept(int fd);
// The same; flags may have SOCK_NONBLOCK.
extern int accept4(int fd, int flags);
// The port that a socket is bound to.
extern int local_port(int fd);
// No more writes; the other side sees the end.
extern void shutdown_write(int fd);

// Families of addresses; kinds of sockets, with SOCK_NONBLOCK added if wanted.
enum address_families { AF_UNSPEC = 0, AF_UNIX = 1, AF_INET = 2, AF_INET6 = 10 };
enum socket_types { SOCK_STREAM = 1, SOCK_DGRAM = 2, SOCK_RAW = 3, SOCK_SEQPACKET = 5, SOCK_NONBLOCK = 0x800 };
// Makes a socket; two that are connected.
extern int socket(int family, int type, int protocol);
extern void socketpair(int family, int type, int protocol, int ends[]);
// Gives it an address.
extern void bind(int fd, string address);
// False: not yet, on a non-blocking socket; poll_out tells when.
extern bool connect(int fd, string address);
extern void listen(int fd, int backlog);
// Ends one direction or both.
enum shutdown_how { SHUT_RD = 0, SHUT_WR = 1, SHUT_RDWR = 2 };
extern void shutdown(int fd, int how);
// The addresses of the two ends.
extern string getsockname(int fd);
extern string getpeername(int fd);

// read and write for sockets, with flags.
enum message_flags { MSG_OOB = 1, MSG_PEEK = 2, MSG_DONTROUTE = 4, MSG_DONTWAIT = 0x40, MSG_WAITALL = 0x100, MSG_NOSIGNAL = 0x4000, MSG_MORE = 0x8000 };
extern int recv(int fd, string buf, int ofs, int max, int flags);
extern int send(int fd, string buf, int ofs, int count, int flags);
// The same with the address of the other end: stored in from[0], given.
extern int recvfrom(int fd, string buf, int ofs, int max, int flags, string from[]);
extern int sendto(int fd, string buf, int ofs, int count, int flags, string address);

// Options, by level and name; those whose value is a number.
enum option_levels { IPPROTO_IP = 0, SOL_SOCKET = 1, IPPROTO_TCP = 6, IPPROTO_UDP = 17, IPPROTO_IPV6 = 41 };
enum socket_options {
  SO_DEBUG = 1, SO_REUSEADDR = 2, SO_TYPE = 3, SO_ERROR = 4, SO_DONTROUTE = 5, SO_BROADCAST = 6, SO_SNDBUF = 7, SO_RCVBUF = 8, SO_KEEPALIVE = 9,
  SO_OOBINLINE = 10, SO_PRIORITY = 12, SO_REUSEPORT = 15, SO_RCVLOWAT = 18, SO_ACCEPTCONN = 30, SO_PROTOCOL = 38, SO_DOMAIN = 39
};
enum tcp_options {
  TCP_NODELAY = 1, TCP_MAXSEG = 2, TCP_CORK = 3, TCP_KEEPIDLE = 4, TCP_KEEPINTVL = 5, TCP_KEEPCNT = 6, TCP_DEFER_ACCEPT = 9, TCP_QUICKACK = 12,
  TCP_USER_TIMEOUT = 18, TCP_FASTOPEN = 23
};
enum ip_options { IP_TOS = 1, IP_TTL = 2, IPV6_UNICAST_HOPS = 16, IPV6_V6ONLY = 26 };
extern int getsockopt(int fd, int level, int name);
extern void setsockopt(int fd, int level, int name, int value);
// How many seconds close waits for what has not been sent; negative: it does not wait.
extern void set_linger(int fd, int seconds);

// Addresses are strings of bytes that only these functions make and take apart: of an IPv4 or IPv6 address in numbers ("" is any)
// and a port; of a path.
extern string inet_address(string host, int port);
extern string unix_address(string path);
// Family of an address, its host in numbers or path, its port (0: none).
extern int address_family(string address);
extern string address_host(string address);
extern int address_port(string address);
// All addresses of a host by name ("": this machine, or, for servers, any) and a service by name or number ("": none); family
// and type may be 0 for any.
extern string getaddrinfo(string host, string service, int family, int type, bool server)[];
// The name of the host of an address, or the address in numbers.
extern string getnameinfo(string address);

// ---- waiting

// Waits until the descriptor can be read (written), at most so many milliseconds; -1 is for ever. True if it can.
extern bool poll_in(int fd, int milliseconds);
extern bool poll_out(int fd, int milliseconds);
// Waits for any of several descriptors; fd -1 is left out. wanted and found are bits POLL_*. Returns how many have events.
extern int poll(int fd[], int wanted[], int found[], int milliseconds);

// A set of descriptors that are waited for together, however many they are.
extern int epoll_create();
// Adds a descriptor to a set, removes it, or changes what is wanted. `data` is what epoll_wait stores with its events.
enum epoll_operation { EPOLL_CTL_ADD = 1, EPOLL_CTL_DEL = 2, EPOLL_CTL_MOD = 3 };
enum epoll_events { EPOLLIN = 1, EPOLLPRI = 2, EPOLLOUT = 4, EPOLLERR = 8, EPOLLHUP = 0x10, EPOLLRDHUP = 0x2000, EPOLLEXCLUSIVE = 0x10000000, EPOLLONESHOT = 0x40000000, EPOLLET = 0x80000000 };
extern void epoll_ctl(int set, int operation, int fd, int events, long data);
// Waits; stores events and data of as many descriptors as the arrays have room for, at most 1024, and returns their number.
extern int epoll_wait(int set, int events[], long data[], int milliseconds);

// A counter that can be waited for; with EFD_SEMAPHORE reading takes 1 away, else all.
enum eventfd_flags { EFD_SEMAPHORE = 1, EFD_NONBLOCK = 0x800 };
extern int eventfd(int initial, int flags);
// A timer that can be waited for. Nanoseconds until it expires first (0: it stops; TFD_TIMER_ABSTIME: the time of the clock), and
// between further expiries (0: none).
enum timerfd_flags { TFD_TIMER_ABSTIME = 1, TFD_NONBLOCK = 0x800 };
extern int timerfd_create(int clock, int flags);
extern void timerfd_settime(int fd, int flags, long first, long interval);
// What a counter counts, or how often a timer has expired since it was read; -1 if a non-blocking one has nothing. Adds to a counter.
extern long read_counter(int fd);
extern void write_counter(int fd, long value);

}}
#endif
