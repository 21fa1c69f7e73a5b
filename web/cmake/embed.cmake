# cmake -D ROWS=file -D OUT=dir -P embed.cmake: for each row "path|content type|file" write OUT/N.gz,
# and one assembler file and one C table over all of them, each packed and as it is. The same input gives the same bytes.
set(n 0)
set(table "")
set(externs "")
set(bytes "")
# A list must not be split at the semicolon of a content type, so rows are read one regex at a time.
file(READ ${ROWS} text)
string(REPLACE ";" "<semicolon>" text "${text}")
string(REPLACE "\n" ";" rows "${text}")
foreach(row IN LISTS rows)
  if(row STREQUAL "")
    continue()
  endif()
  if(NOT row MATCHES "^([^|]+)\\|([^|]+)\\|([^|]+)$")
    message(FATAL_ERROR "embed: bad row '${row}'")
  endif()
  set(path "${CMAKE_MATCH_1}")
  string(REPLACE "<semicolon>" ";" type "${CMAKE_MATCH_2}")
  set(file "${CMAKE_MATCH_3}")
  if(NOT EXISTS "${file}")
    message(FATAL_ERROR "embed: ${file} is missing")
  endif()
  execute_process(COMMAND gzip -9nc "${file}" OUTPUT_FILE ${OUT}/${n}.gz RESULT_VARIABLE failed)
  if(failed)
    message(FATAL_ERROR "embed: gzip could not compress ${file}")
  endif()
  file(SIZE "${file}" raw)
  file(SIZE ${OUT}/${n}.gz gz)
  file(SHA256 ${OUT}/${n}.gz hash)
  string(SUBSTRING "${hash}" 0 24 tag)
  string(APPEND externs "extern const unsigned char asset_${n}[], page_${n}[];\n")
  string(APPEND table "    {\"${path}\", \"${type}\", \"W/\\\"${tag}\\\"\", asset_${n}, ${gz}, page_${n}, ${raw}},\n")
  string(APPEND bytes ".balign 16\n.globl asset_${n}\n.hidden asset_${n}\n.type asset_${n}, @object\n"
         ".size asset_${n}, ${gz}\nasset_${n}:\n.incbin \"${OUT}/${n}.gz\"\n"
         ".balign 16\n.globl page_${n}\n.hidden page_${n}\n.type page_${n}, @object\n"
         ".size page_${n}, ${raw}\npage_${n}:\n.incbin \"${file}\"\n")
  math(EXPR n "${n} + 1")
endforeach()
file(WRITE ${OUT}/assets_bytes.S
     "#if defined(__CET__)\n#include <cet.h>\n#endif\n.section .rodata\n${bytes}.section .note.GNU-stack,\"\",@progbits\n")
file(WRITE ${OUT}/assets_table.c
     "#include \"api/assets_table.h\"\n\n${externs}\nconst struct asset asset_table[] = {\n${table}};\n"
     "const size_t asset_count = ${n};\n")
