// The world of a whole program: natives that print, make strings and arrays, and end the program, as the runtime does them. A
// native that is missing here ends the run at a limit and names itself.
#pragma once

#include "machine.h"

namespace talsim {

class Console : public World {
public:
  Outcome call(Machine& machine, const Closure& f, const std::vector<Word>& arguments, Word& result) override;
  Word initial(Machine& machine, TypeRef type, const std::string& name) override;
  const std::string& output() const { return output_; }

private:
  std::string text(Machine& machine, const Word& string) const;
  Word string(Machine& machine, const std::string& text);
  Word array(Machine& machine, unsigned bytes, uint64_t length);

  std::string output_;
};

} // namespace talsim
