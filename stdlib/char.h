// Char: classes of characters (ASCII) and letter case.
#ifndef CHAR_H
#define CHAR_H
prefix Char {
open Char {

// A capital letter, a small letter, a decimal digit.
extern bool is_upper(char c);
extern bool is_lower(char c);
extern bool is_num(char c);
// A hexadecimal digit.
extern bool is_xnum(char c);
// Codes 9 to 13 and 32; a letter.
extern bool is_space(char c);
extern bool is_alpha(char c);
// Codes 32 to 126.
extern bool is_printable(char c);
// The capital (small) letter of a letter; any other character is its own.
extern char to_upper(char c);
extern char to_lower(char c);

}}
#endif
