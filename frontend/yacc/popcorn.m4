                                                            -*- Autoconf -*-
# Skeleton of Bison for parsers in Popcorn, used by popyacc.
#
# popyacc has replaced `$!n` by `$<YYRAW>n`, the whole semantic value of symbol n, and `^$` by `$<YYCASE>$`, a new value of the
# left-hand side's case. `$n` projects the value of symbol n to the case that its %type declares, and `$$` is the whole value of the
# left-hand side.

m4_include(b4_skeletonsdir/[c-like.m4])

b4_percent_define_default([[api.prefix]], [[yy]])
b4_percent_define_default([[parse.error]], [[simple]])
b4_percent_define_check_values([[[[parse.error]], [[simple]], [[detailed]], [[verbose]]]])
m4_define([b4_prefix], [b4_percent_define_get([[api.prefix]])])
m4_define([b4_null], [""])

m4_define([b4_sync_start], [[#line ]$1[ ]$2])

m4_define([b4_case],
[  case $1: {
$2
b4_syncline([@oline@], [@ofile@])dnl
  }])

m4_define([b4_predicate_case],
[b4_complain([%?{...} is a feature of GLR parsers, which popyacc does not make])])

# The case of YYSTYPE that symbol NUM is declared with, or TYPE if that is given.
m4_define([b4_popcorn_type],
[m4_ifval([$2], [$2], [b4_symbol_if([$1], [has_type], [b4_symbol([$1], [type])])])])

m4_define([b4_lhs_value],
[m4_if($2, [YYCASE],
  [m4_ifval(b4_popcorn_type([$1]),
     [[^YYSTYPE.]b4_popcorn_type([$1])],
     [b4_complain([['^$' needs the type of the left-hand side '%s'; declare it with %%type]], [b4_symbol([$1], [tag])])])],
  [yyval])])

m4_define([b4_rhs_value],
[m4_if($4, [YYRAW], [b4_popcorn_stack([yyvs], [$1], [$2])],
  [m4_ifval(b4_popcorn_type([$3], [$4]),
     [(b4_popcorn_stack([yyvs], [$1], [$2])).b4_popcorn_type([$3], [$4])],
     [b4_popcorn_stack([yyvs], [$1], [$2])])])])

m4_define([b4_lhs_location], [yyloc])
m4_define([b4_rhs_location], [b4_popcorn_stack([yyls], [$1], [$2])])

# Element POS of the LENGTH topmost ones of a stack.
m4_define([b4_popcorn_stack], [$1@{yytop + (b4_subtract([$3], [$2]))@}])

# yystos is for destructors, which Popcorn has no use for.
m4_define([b4_integral_parser_table_define],
[m4_if([$1], [stos], [], [static int yy$1@{@} = {
  $2
};
])])

m4_define([b4_popcorn_token], [b4_token_format([#define %s %s
], [$1])])
m4_define([b4_popcorn_tokens], [b4_symbol_foreach([b4_popcorn_token])])

m4_define([b4_popcorn_name],
[  m4_bpatsubst(m4_dquote(b4_symbol([$1], [tag])), [[\\"]], [\\\&])])

m4_define([b4_popcorn_location_fields],
[  int timestamp;
  int first_line;
  int first_column;
  int last_line;
  int last_column;
  string text;
])

m4_if(b4_glr_flag, [1], [b4_complain([popyacc makes LALR(1) parsers only; %glr-parser is not supported])])

b4_header_if(
[b4_output_begin([b4_spec_header_file])
b4_generated_by[]dnl
[#ifndef ]m4_translit(m4_bpatsubst(m4_quote(b4_spec_mapped_header_file), [^.*/]), [a-z.-], [A-Z__])[
#define ]m4_translit(m4_bpatsubst(m4_quote(b4_spec_mapped_header_file), [^.*/]), [a-z.-], [A-Z__])[
]b4_popcorn_tokens[
#define short int
extern union YYSTYPE {
]m4_ifdef([b4_union_members], [b4_union_members], [  int yyint;])[
}
extern YYSTYPE ]b4_prefix[lval;
extern int ]b4_prefix[parse();
extern exception Yystack_overflow;
]b4_locations_if([[
#define YYLTYPE yyltype
extern struct yyltype {
]b4_popcorn_location_fields[}
extern yyltype ]b4_prefix[lloc;
]])[
#endif
]b4_output_end
])

b4_output_begin([b4_parser_file_name])
b4_generated_by[]dnl
b4_user_pre_prologue[
#define short int
union YYSTYPE {
]m4_ifdef([b4_union_members], [b4_user_union_members], [  int yyint;])[
}
]b4_popcorn_tokens[
]b4_locations_if([[#define YYLTYPE yyltype
struct yyltype {
]b4_popcorn_location_fields[}
]])[
]b4_user_post_prologue[
]b4_percent_code_get[
exception Yyimpossible;
exception Yystack_overflow;

YYSTYPE ]b4_prefix[lval;
]b4_locations_if([[yyltype ]b4_prefix[lloc;
]])[// How many errors there have been in the current parse.
static int yynerrs;

#define YYEMPTY (-2)
#define YYEOF 0
#ifndef YYINITDEPTH
#define YYINITDEPTH 200
#endif
#ifndef YYMAXDEPTH
#define YYMAXDEPTH 10000
#endif
#define YYACCEPT return 0
#define YYABORT return 1
#define YYERROR do { yyfailed = true; break yyaction; } while (false)
#define yyerrok (yyerrstatus = 0)
#define yyclearin (yychar = YYEMPTY)
#define YYRECOVERING() (yyerrstatus != 0)

]b4_parser_tables_define[
// From the numbers of tokens to those of grammar symbols.
static int yytranslate@{@} = {
  ]b4_translate[
};
]m4_if(b4_percent_define_get([[parse.error]]), [simple], [], [[
// Names of the symbols, for messages.
static string yytname@{@} = {
  ]b4_tname[
};

// What was found and, if there are few, what would have been right.
static string yymessage(int yystate, int yytoken) {
  string yytext = sprintf("syntax error, unexpected %s", yysymbolname(yytoken));
  int yycount = 0;
  for (int yypass = 0; yypass < 2; yypass++) {
    int yyshown = 0;
    if (yypass == 1 && (yycount == 0 || yycount > 4)) break;
    for (int yyx = 0; yyx < ]b4_tokens_number[; yyx++) {
      int yyi = yypact[yystate] + yyx;
      if (yypact[yystate] == ]b4_pact_ninf[ || yyx == 1 || yyi < 0 || yyi > ]b4_last[ || yycheck[yyi] != yyx || yytable[yyi] == ]b4_table_ninf[) continue;
      if (yypass == 0) yycount++;
      else yytext = sprintf("%s%s%s", yytext, yyshown == 0 ? ", expecting " : " or ", yysymbolname(yyx));
      yyshown++;
    }
  }
  return yytext;
}

// A name without the quotes that it has in the grammar.
static string yysymbolname(int yysymbol) {
  string yyname = yytname[yysymbol];
  int yylength = size(yyname);
  if (yylength < 2 || yyname[0] != '"') return yyname;
  return String::substring(yyname, 1, yylength - 2);
}
]])[
static int yygrow(int yysize) {
  if (yysize >= YYMAXDEPTH) raise Yystack_overflow();
  return yysize * 2 > YYMAXDEPTH ? YYMAXDEPTH : yysize * 2;
}

// Parses what ]b4_prefix[lex delivers. 0: accepted; 1: given up after an error.
int ]b4_prefix[parse() {
  int yyss[] = new_array(YYINITDEPTH, 0);
  YYSTYPE yyvs[] = new_array(YYINITDEPTH, ]b4_prefix[lval);
]b4_locations_if([[  yyltype yyls[] = new_array(YYINITDEPTH, ]b4_prefix[lloc);
]])[  int yytop = 0;
  int yyerrstatus = 0;
  int yychar = YYEMPTY;
  int yytoken = 0;
  yynerrs = 0;
]m4_ifdef([b4_initial_action], [  {
b4_user_initial_action
  }
])[
  while (true) {
    int yystate = yyss[yytop];
    if (yystate == ]b4_final_state_number[) return 0;
    // One more symbol will be pushed.
    if (yytop + 1 >= size(yyss)) {
      int yysize = yygrow(size(yyss));
      int yynewss[] = new_array(yysize, 0);
      YYSTYPE yynewvs[] = new_array(yysize, yyvs[0]);
]b4_locations_if([[      yyltype yynewls[] = new_array(yysize, yyls[0]);
]])[      for (int yyi = 0; yyi <= yytop; yyi++) {
        yynewss[yyi] = yyss[yyi];
        yynewvs[yyi] = yyvs[yyi];
]b4_locations_if([[        yynewls[yyi] = yyls[yyi];
]])[      }
      yyss = yynewss;
      yyvs = yynewvs;
]b4_locations_if([[      yyls = yynewls;
]])[    }

    // What to do: shift, reduce by yyrule, or, if that is 0, report an error.
    int yyrule = yydefact[yystate];
    int yyindex = yypact[yystate];
    if (yyindex != ]b4_pact_ninf[) {
      if (yychar == YYEMPTY) yychar = ]b4_prefix[lex();
      if (yychar <= YYEOF) {
        yychar = YYEOF;
        yytoken = 0;
      } else if (yychar < size(yytranslate)) yytoken = yytranslate[yychar];
      else yytoken = 2;
      yyindex += yytoken;
      if (yyindex >= 0 && yyindex <= ]b4_last[ && yycheck[yyindex] == yytoken) {
        int yyact = yytable[yyindex];
        if (yyact > 0) {
          if (yyerrstatus > 0) yyerrstatus--;
          yytop++;
          yyss[yytop] = yyact;
          yyvs[yytop] = ]b4_prefix[lval;
]b4_locations_if([[          yyls[yytop] = ^yyltype(]b4_prefix[lloc.timestamp, ]b4_prefix[lloc.first_line, ]b4_prefix[lloc.first_column, ]b4_prefix[lloc.last_line,
                                 ]b4_prefix[lloc.last_column, ]b4_prefix[lloc.text);
]])[          yychar = YYEMPTY;
          continue;
        }
        yyrule = yyact == ]b4_table_ninf[ ? 0 : -yyact;
      }
    }

    bool yyfailed = false;
    if (yyrule != 0) {
      int yylen = yyr2[yyrule];
      YYSTYPE yyval = yylen > 0 ? yyvs[yytop + 1 - yylen] : yyvs[0];
]b4_locations_if([[      yyltype yyloc = ^yyltype(yyls[yytop].timestamp, yyls[yytop].last_line, yyls[yytop].last_column, yyls[yytop].last_line,
                               yyls[yytop].last_column, yyls[yytop].text);
      if (yylen > 0) {
        yyltype yyfirst = yyls[yytop + 1 - yylen];
        yyloc.timestamp = yyfirst.timestamp;
        yyloc.first_line = yyfirst.first_line;
        yyloc.first_column = yyfirst.first_column;
        yyloc.text = yyfirst.text;
      }
]])[      {
        yyaction:
        switch (yyrule) {
]b4_user_actions[
        default: ;
        }
      }
      yytop -= yylen;
      if (!yyfailed) {
        int yylhs = yyr1[yyrule] - ]b4_tokens_number[;
        int yyi = yypgoto[yylhs] + yyss[yytop];
        int yynext = yydefgoto[yylhs];
        if (yyi >= 0 && yyi <= ]b4_last[ && yycheck[yyi] == yyss[yytop]) yynext = yytable[yyi];
        yytop++;
        yyss[yytop] = yynext;
        yyvs[yytop] = yyval;
]b4_locations_if([[        yyls[yytop] = yyloc;
]])[        continue;
      }
    } else if (yyerrstatus == 0) {
      yynerrs++;
]m4_if(b4_percent_define_get([[parse.error]]), [simple], [[      ]b4_prefix[error("syntax error");
]], [[      ]b4_prefix[error(yymessage(yystate, yytoken));
]])[    } else if (yyerrstatus == 3) {
      // The token was looked at after an error already and does not help.
      if (yychar == YYEOF) return 1;
      yychar = YYEMPTY;
    }

    // Recovery: drop states until one shifts the token `error`.
    yyerrstatus = 3;
    while (true) {
      int yyi = yypact[yyss[yytop]];
      if (yyi != ]b4_pact_ninf[) {
        yyi += 1;
        if (yyi >= 0 && yyi <= ]b4_last[ && yycheck[yyi] == 1 && yytable[yyi] > 0) {
          int yynext = yytable[yyi];
          yytop++;
          yyss[yytop] = yynext;
          yyvs[yytop] = ]b4_prefix[lval;
]b4_locations_if([[          yyls[yytop] = ^yyltype(]b4_prefix[lloc.timestamp, ]b4_prefix[lloc.first_line, ]b4_prefix[lloc.first_column, ]b4_prefix[lloc.last_line,
                                 ]b4_prefix[lloc.last_column, ]b4_prefix[lloc.text);
]])[          break;
        }
      }
      if (yytop == 0) return 1;
      yytop--;
    }
  }
  return 1;
}

]b4_epilogue[]dnl
b4_output_end
