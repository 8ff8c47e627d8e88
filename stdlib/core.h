// Core: streams, conversions between numbers and strings, options, tuples, the general exceptions.
//
// Names without prefix belong to the runtime itself.
#ifndef CORE_H
#define CORE_H

// A buffered stream. Using a null or closed one raises NullPointer or Core::InvalidArg.
extern FILE?;
// A terminated copy of a string, as the operating system wants it.
extern Cstring?;

// The standard streams.
extern FILE tal_stdin;
extern FILE tal_stdout;
extern FILE tal_stderr;

// The value that fgetc returns at the end of a file; f_eof tells it from a byte 255.
#define EOF '\xff'

// Write a number, a string, a byte, a newline. What is written is buffered.
extern void fprint_int(FILE f, int n);
extern void fprint_uint(FILE f, unsigned int n);
extern void fprint_long(FILE f, long n);
extern void fprint_ulong(FILE f, unsigned long n);
extern void fprint_string(FILE f, string s);
extern void fprint_char(FILE f, char c);
extern void fprint_newline(FILE f);
// Six digits, as C's %G: 1.5, 1E+20, INF.
extern void fprint_float(FILE f, float x);
extern void fprint_double(FILE f, double x);
// Writes what is buffered; raises Unix::Unix_error when that fails.
extern void fflush(FILE f);

// Null if the file cannot be opened.
extern FILE fopen(Cstring name, Cstring mode);
// 0, or the error number of what could not be written.
extern int f_close(FILE f);
// Has reading met the end of the file?
extern bool f_eof(FILE f);
// Size of a regular file in bytes; 0 if there is none.
extern int f_length(Cstring name);
// Reads at most max bytes into buf from position ofs on; returns how many there were.
extern int f_string_read(FILE f, string buf, int ofs, int max);
// The next byte, or EOF.
extern char fgetc(FILE f);
// Gives one byte back, to be read next.
extern int ungetc(FILE f, char c);

// Copies, up to the first byte 0.
extern Cstring string_to_Cstring(string s);
extern string Cstring_to_string(Cstring s);
// Null if the variable is not set.
extern Cstring getenv(Cstring name);

// A string of n bytes 0; n must not be negative.
extern string new_string(int n);

// The array of f(0), f(1), .. f(n-1); a negative n raises Core::InvalidArg.
extern a new_array_f<a>(int n, a f(int))[];
// Arrays of n zeros; n must not be negative.
extern string new_array1(int n);
extern short new_array2(int n)[];
extern int new_array4(int n)[];
extern unsigned int new_array4u(int n)[];
extern long new_array8(int n)[];
extern float new_array_float(int n)[];
extern double new_array_double(int n)[];

// The program's arguments, its name first; its environment, as NAME=VALUE.
extern string std_args()[];
extern string std_env()[];
// Runs a command by the shell; its exit status, or -1.
extern int system(Cstring command);
// Ends the program.
extern void exit(int status);
// The error number of the last call that failed.
extern int errno;
// Writes the name of an exception and its value and, of the exception raised last, where it was raised and what it has passed.
extern void pop_exn_info(FILE f, exn e);
// Numbers that look random, 0 to 2^31-1, the same in every run unless srandom (which returns its seed) is called.
extern int random();
extern int srandom(int seed);
// Size of a page of memory in bytes.
extern int getpagesize();
// Milliseconds from some start; never goes back.
extern int int_time();

// Prints how long it is from a time of int_time to another one, in all and for each of so many runs.
extern void print_time(int start, int end, int runs);

// Order of addresses, or of the values of integers as unsigned words; the same values always compare alike.
extern int ptr_compare<a>(a x, a y);
// A number that is not negative, the same for the same value.
extern int hash<a>(a x);

// The number that all of a string is, but for blanks before it; `inf`, `nan` and hexadecimal digits behind 0x are numbers too. 0 if
// it is none, which tal_errno tells.
extern double str_to_d(string s);
extern float str_to_f(string s);
// 0 if the last of these conversions succeeded, else an error number.
extern int tal_errno;
// At most six digits, as C's %.6g.
extern string d_to_str(double x);
extern string f_to_str(float x);
// The bits of a number as 16 or 8 hexadecimal digits.
extern string d_to_hexstr(double x);
extern string f_to_hexstr(float x);
// The angle whose cosine or sine is x; NaN if there is none.
extern double arc_cos(double x);
extern double arc_sin(double x);
// x to the y.
extern double power(double x, double y);

// Collects garbage now.
extern void GC_gcollect();
// More room for the heap, in bytes; false if there is none.
extern bool GC_expand_hp(int bytes);
// Size of the heap in bytes.
extern int GC_get_heap_size();
// How many collections there have been.
extern int GC_collections();
// The same as a variable. Whether the collector is quiet; it always is.
extern unsigned int GC_gc_no;
extern int GC_quiet;

prefix Core {
open Core {

// An argument that a function does not take; the string says which function.
extern exception InvalidArg(string);
// For programs and modules that have no exception of their own.
extern exception Failure(string);
extern exception Not_found;
extern exception Impossible(string);
// A file that cannot be opened, its name; one that cannot be written to the end.
extern exception FileOpenError(string);
extern exception FileCloseError;

// A value, or null for none.
extern ?struct <a>Opt { a v; }
// A cell that can be assigned.
extern struct <a>ref { a v; }

// Write to the standard output.
extern void print_int(int n);
extern void print_string(string s);
extern void print_newline();
extern void print_char(char c);
extern void print_hex(unsigned int n);
// Lower-case digits without leading zeros.
extern void fprint_hex(FILE f, unsigned int n);

// Raises FileOpenError(name).
extern FILE file_open(string name, string mode);
// Raises FileCloseError.
extern void file_close(FILE f);
// 0, or an error number.
extern int file_delete(string name);
// Size of a regular file in bytes; 0 if there is none.
extern int file_length(string name);
// Reads a line into buf from position ofs on; a byte 0 stands for the line end. Returns how many bytes were stored.
extern int file_gets(string buf, int ofs, FILE f);
// Raises Not_found.
extern string get_env(string name);

// f of the value, or null.
extern <b>Core::Opt opt_map<a,b>(b f(a), <a>Core::Opt o);
// Functions that are handy as arguments: always true, always false, the argument itself, the components of tuples.
extern bool true_f<a>(a x);
extern bool false_f<a>(a x);
extern a identity<a>(a x);
extern a fst<a,b>(*(a,b) t);
extern b snd<a,b>(*(a,b) t);
extern c third<a,b,c>(*(a,b,c) t);

// Negative, 0 or positive, as the first is less than, equal to or greater than the second.
extern int intcmp(int x, int y);
extern int charcmp(char x, char y);
extern int strcmp(string x, string y);

// The bytes of x, then those of y.
extern string strconcat(string x, string y);
// A new string of the same bytes.
extern string strcpy(string s);
// Copies n bytes; the two ranges may overlap. Raises InvalidArg if one does not lie in its string.
extern void strncpy(string dst, int dofs, string src, int sofs, int n);

// Codes 9 to 13 and 32.
extern bool is_space(char c);
// Leading space, a sign, then decimal, 0x, 0o or 0b digits; raises InvalidArg for anything else.
extern int int_of_string(string s);
// With leading zeros up to a width.
extern string string_of_int_width(int n, int width);
// Decimal; lower-case hexadecimal; a string of one byte.
extern string string_of_int(int n);
extern string string_of_uint(unsigned int n);
extern string string_of_long(long n);
extern string string_of_ulong(unsigned long n);
extern string hex_string_of_uint(unsigned int n);
extern string string_of_char(char c);
// At most six digits, as C's %.6g.
extern string string_of_float(float x);
extern string string_of_double(double x);
// The bits of the number as hexadecimal digits.
extern string hexstr_of_float(float x);
extern string hexstr_of_double(double x);
// The number that all of a string is, but for blanks before it; raises InvalidArg if it is none.
extern float float_of_string(string s);
extern double double_of_string(string s);

}}
#endif
