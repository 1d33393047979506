#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "ci/config/compile.h"
#include "ci/config/yaml_reader.h"

using namespace imp::ci::config;

// Compiles for a branch and for a tag. What compiles has an expansion that is YAML again and the
// same the second time; what does not has a problem with a place and a message.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view yaml(reinterpret_cast<const char*>(data), size);
  const CompileInput branch{{{"pipeline.git.branch", std::string("main")}}, {}};
  const CompileInput tag{{{"pipeline.git.tag", std::string("v1.0.0")}}, {}};
  for (const CompileInput& input : {branch, tag}) {
    const auto compiled = compile(yaml, input);
    if (!compiled) {
      if (compiled.error().empty()) std::abort();
      for (const Problem& problem : compiled.error()) {
        if (problem.message.empty() || problem.line == 0 || problem.column == 0) std::abort();
      }
      continue;
    }
    const std::string expanded = expanded_yaml(*compiled);
    const bool comparable = expanded.size() <= max_config_bytes;
    if (comparable && !read_yaml(expanded)) std::abort();
    if (expanded != expanded_yaml(*compile(yaml, input))) std::abort();
  }
  return 0;
}
