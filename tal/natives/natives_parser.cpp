// Parser of the native interface file; see natives.h.
#include "tal/natives.h"

#include "tal/natives/type_parser.h"

namespace tal {
namespace {

class NativesParser {
public:
  explicit NativesParser(NativeInterface& natives) : natives_(natives), parser_(natives.types, false) {}

  bool run(std::string_view text, std::string_view user, std::string& problem) {
    natives_.user_text = user;
    for (int step = 0; step < 3; step++) {
      if (step == 2 && !close(problem))
        return false;
      for (bool is_user : {false, true}) {
        user_ = is_user;
        if (!each_line(is_user ? user : text, step, problem))
          return false;
      }
    }
    return true;
  }

private:
  bool close(std::string& problem) { return natives_.types.close(&problem); }

  // Steps 0 and 1: named types. They are declared, then defined, so that they may refer to each other.
  bool each_line(std::string_view text, int step, std::string& problem) {
    size_t number = 0;
    for (size_t at = 0; at < text.size();) {
      size_t end = std::min(text.find('\n', at), text.size());
      std::vector<Token> tokens;
      std::string message;
      number++;
      bool ok = lex_line(text.substr(at, end - at), tokens, message);
      TokenStream in(std::move(tokens));
      if (!ok || !line(in, step)) {
        problem = "line " + std::to_string(number) + ": " + (ok ? in.problem() : message);
        return false;
      }
      at = end + 1;
    }
    return true;
  }

  bool line(TokenStream& in, int step) {
    if (in.at_end())
      return true;
    parser_.set_vars({});
    if (in.is("type")) {
      if (step == 2)
        return true;
      in.next();
      return step == 0 ? parser_.declare(in) : parser_.define(in);
    }
    if (step != 2)
      return true;
    if (in.accept("exception"))
      return exception(in);
    if (in.accept("data"))
      return data(in);
    return function(in);
  }

  bool add(TokenStream& in, const std::string& name, Native::What what, TypeId type, bool blocking = false) {
    if (!type)
      return in.fail_with("ill-formed type of `" + name + "`");
    if (!natives_.types.is_closed(type))
      return in.fail_with("free type variables in the type of `" + name + "`");
    if (user_ && (name.find("__") != std::string::npos || name == "main" || name == "pop_main"))
      return in.fail_with("`" + name + "` is a reserved name");
    auto [place, is_new] = natives_.natives.try_emplace(name, Native{what, blocking, user_, type});
    if (!is_new)
      return in.fail_with("`" + name + (user_ && !place->second.user ? "` is a name of the runtime" : "` is declared twice"));
    return true;
  }

  bool exception(TokenStream& in) {
    std::string name;
    if (!in.name(name))
      return false;
    TypeId payload = in.accept("of") ? parser_.type(in) : no_type;
    return !in.failed() && in.end() && add(in, name, Native::What::ExnName, natives_.types.exn_name(payload));
  }

  bool data(TokenStream& in) {
    std::string name;
    if (!in.name(name) || !in.expect(":"))
      return false;
    TypeId type = parser_.type(in);
    TypeTable& types = natives_.types;
    return !in.failed() && in.end() && add(in, name, Native::What::Data, types.ptr(types.single(type)));
  }

  bool function(TokenStream& in) {
    std::string name;
    if (!in.name(name) || !in.expect(":"))
      return false;
    TypeId type = parser_.signature(in);
    bool blocking = in.accept("blocking");
    return !in.failed() && in.end() && add(in, name, Native::What::Function, type, blocking);
  }

  NativeInterface& natives_;
  TypeParser parser_; // no facts: C code was not checked to keep any, nor to ask for them where it calls a function value
  bool user_ = false;
};

} // namespace

bool parse_natives(std::string_view text, NativeInterface& natives, std::string& problem, std::string_view user) {
  return NativesParser(natives).run(text, user, problem);
}

} // namespace tal
