# Writes OUTPUT: a C++ file with the text of every file in ROOT/templates and ROOT/assets, and of the
# documentation in DOCS, so that the program needs no files beside itself.
file(GLOB files RELATIVE ${ROOT} ${ROOT}/templates/*.html ${ROOT}/assets/*)
list(SORT files)
file(WRITE ${OUTPUT} "#include \"web/frame/embedded_file.h\"\n\nnamespace imp::web {\n\n"
                     "using std::string_view_literals::operator\"\"sv;\n\n"
                     "std::span<const EmbeddedFile> embedded_files() {\n"
                     "  static constexpr EmbeddedFile kFiles[] = {\n")
foreach(name IN LISTS files)
  file(READ ${ROOT}/${name} text)
  file(APPEND ${OUTPUT} "{\"${name}\", R\"~file~(")
  file(APPEND ${OUTPUT} "${text}")
  file(APPEND ${OUTPUT} ")~file~\"sv},\n")
endforeach()
# The documentation under its path in the repository: docs/guide/….md
file(GLOB_RECURSE pages RELATIVE ${DOCS}/.. ${DOCS}/*.md)
list(SORT pages)
foreach(name IN LISTS pages)
  file(READ ${DOCS}/../${name} text)
  file(APPEND ${OUTPUT} "{\"${name}\", R\"~file~(")
  file(APPEND ${OUTPUT} "${text}")
  file(APPEND ${OUTPUT} ")~file~\"sv},\n")
endforeach()
file(APPEND ${OUTPUT} "  };\n  return kFiles;\n}\n\n}  // namespace imp::web\n")
