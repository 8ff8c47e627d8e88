# cmake -DINPUT=file -DOUTPUT=file.cpp -DNAME=function -P embed_text.cmake
# A C++ source with the text of INPUT as the result of std::string_view tal::NAME().
file(READ ${INPUT} text)
file(WRITE ${OUTPUT} "// Generated from ${NAME}'s input file.\n#include <string_view>\nnamespace tal {\nstd::string_view ${NAME}() { return R\"text(${text})text\"; }\n}\n")
