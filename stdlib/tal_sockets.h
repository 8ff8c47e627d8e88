// Tal_sockets: sockets as streams, for older programs; unix.h does more. What fails raises Unix::Unix_error(*(error number, name of
// the call)), but for sock_read. A stream that has been closed raises Core::InvalidArg, null NullPointer.
//
// What a stream has read ahead for fgetc, f_string_read, .. is not seen by the functions here. Programs use this header or unixlib.h,
// not both.
#ifndef TAL_SOCKETS_H
#define TAL_SOCKETS_H
#include "core.h"

// Any address of this machine.
enum tal_any_address { TAL_INADDR_ANY = 0 };
// Families and kinds of sockets.
extern union socket_domain { void PF_UNIX; void PF_INET; }
extern union socket_type { void SOCK_STREAM; void SOCK_DGRAM; void SOCK_RAW; void SOCK_SEQPACKET; }
// An address: a path; the address of a host, as tal_gethostbyname finds it, and a port; none.
extern union sockaddr { string ADDR_UNIX; *(int, int) ADDR_INET; void ADDR_NULL; }

// Makes a socket.
extern FILE tal_socket(socket_domain domain, socket_type type, int protocol);
// Gives it an address; lets others connect; connects it.
extern void tal_bind(FILE f, sockaddr address);
extern void tal_listen(FILE f, int backlog);
extern void tal_connect(FILE f, sockaddr address);
// The next connection, and the address of its other end.
extern *(FILE, sockaddr) tal_accept(FILE f);
// Closes it. Removes a name of a file.
extern void tal_close(FILE f);
extern void tal_unlink(string path);

// Sends bytes, after what is still buffered; how many were sent. To an address.
extern int tal_send(FILE f, string bytes);
extern int tal_sendto(FILE f, string bytes, sockaddr dest);
// Receives at most max bytes into buf from position ofs on; 0 at the end. With the address of the sender, at most size(buf) bytes;
// `from` is not looked at.
extern int tal_recv(FILE f, string buf, int ofs, int max);
extern *(int, sockaddr) tal_recvfrom(FILE f, string buf, sockaddr from);
// Waits, so many seconds and microseconds at most, until something can be received from one of the first `count`; returns those from
// which it can.
extern FILE tal_select(FILE streams[], int count, int seconds, int microseconds)[];
// A descriptor of the stream for the functions of unix.h, to be closed on its own.
extern int fd2int(FILE f);

// What sock_read raises when nothing more comes.
extern exception SockReadError;
// Receives what comes next, at least a byte and at most 4096.
extern string sock_read(FILE f);
// Sends all of a string.
extern void sock_send(FILE f, string bytes);

// The name of this machine; the address of a host, in numbers.
extern string tal_gethostname();
extern int tal_gethostbyname(string name);
extern string tal_inaddr_to_dot(int address);
// Prints an address.
extern void print_sockaddr(sockaddr address);
// A path that nothing has.
extern string tal_tmpnam();
// A function for a signal, called by the next function of this module that waits, before it does or when the signal has ended its waiting;
// it goes on waiting then.
extern void tal_signal(int signal, void f());

#endif
