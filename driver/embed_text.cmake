# cmake -DINPUT=file -DOUTPUT=file.cpp -DVARIABLE=name -P embed_text.cmake: a C++ source with the text as a constant of namespace driver.
file(READ "${INPUT}" text)
file(WRITE "${OUTPUT}" "namespace driver {\nextern const char ${VARIABLE}[];\nconst char ${VARIABLE}[] = R\"embedded(${text})embedded\";\n} // namespace driver\n")
