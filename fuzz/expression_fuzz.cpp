#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "ci/expressions/evaluate.h"

using namespace imp::ci::expr;

// Parses and evaluates in both modes. Whatever restriction mode allows, filter mode computes to the
// same value: failing closed may only ever take away.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto expression = parse(text);
  if (!expression) {
    if (expression.error().message(text).empty()) std::abort();
    return 0;
  }
  Environment environment;
  environment.set("a", std::string("main"));
  environment.set("b", std::int64_t{5});
  environment.set("c", false);
  environment.set("u", Undefined{});
  const auto filtered = evaluate(*expression, environment, Mode::filter);
  const auto restricted = evaluate(*expression, environment, Mode::restriction);
  if (!filtered && filtered.error().message(text).empty()) std::abort();
  if (restricted && (!filtered || *restricted != *filtered)) std::abort();
  return 0;
}
