// Lexing: the engine of lexers that poplex makes, and the buffers that they read from.
#ifndef LEXING_H
#define LEXING_H

#include "core.h"

prefix Lexing {
open Lexing {

// A lexer found nothing that it could match, or an action did not return.
extern exception Error(string);

// Where a lexer reads from. The input that is known stands in the first lex_buffer_len bytes of lex_buffer, the current lexeme
// from lex_start_pos to before lex_curr_pos; lex_abs_pos is the position in the whole input of the buffer's first byte.
extern struct <a>lexbuf {
  void refill_buff(<a>Lexing::lexbuf);
  a refill_state;
  string lex_buffer;
  int lex_buffer_len;
  int lex_abs_pos;
  int lex_start_pos;
  int lex_curr_pos;
  int lex_last_pos;
  int lex_last_action;
  bool lex_eof_reached;
}

// The state of a buffer that a function fills.
extern struct <b>function_lexbuf_state {
  int read_fun(string, int, b);
  b read_fun_state;
}

// The automaton of a lexer, as poplex writes it.
extern struct lex_tables {
  int lex_base[];
  int lex_backtrk[];
  int lex_default[];
  int lex_trans[];
  int lex_check[];
}

// A buffer filled by read_fun(buffer, max, state), which stores at most max bytes from the start of buffer on and returns how many;
// 0 is the end of the input. Raises Error if it returns less than 0 or more than max.
extern <<b>Lexing::function_lexbuf_state>Lexing::lexbuf from_function<b>(int read_fun(string, int, b), b read_fun_state);
// A buffer that reads a stream.
extern <<FILE>Lexing::function_lexbuf_state>Lexing::lexbuf from_file(FILE f);
// A buffer whose whole input is s. Later changes of s are not seen.
extern <bool>Lexing::lexbuf from_string(string s);

// The characters of the last match.
extern string lexeme<a>(<a>Lexing::lexbuf lexbuf);
// One of them, counted from 0; raises Error if there is none of that number.
extern char lexeme_char<a>(<a>Lexing::lexbuf lexbuf, int i);
// Positions in the whole input of the first character of the last match, and of the first one after it.
extern int lexeme_start<a>(<a>Lexing::lexbuf lexbuf);
extern int lexeme_end<a>(<a>Lexing::lexbuf lexbuf);

// Runs an automaton from a state on, or, given a negative number that it returned, goes on where it stopped. The number of the
// clause that matched; or, negative, that more input is needed. Raises Error if nothing matches.
extern int lex_engine<a>(Lexing::lex_tables tables, int state, <a>Lexing::lexbuf lexbuf);

}
}

#endif
