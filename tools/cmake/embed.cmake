# cmake -DINPUT=file -DOUTPUT=file.c -DNAME=symbol -P embed.cmake: the file's bytes as a string.
file(READ ${INPUT} text HEX)
string(REGEX REPLACE "(..)" "0x\\1," bytes "${text}")
file(WRITE ${OUTPUT} "extern const char ${NAME}[];\nconst char ${NAME}[] = {${bytes}0};\n")
