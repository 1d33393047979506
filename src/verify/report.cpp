#include "verify/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

namespace imp::verify {

namespace {

std::string_view word(Outcome outcome) {
  switch (outcome) {
    case Outcome::passed:
      return "passed";
    case Outcome::failed:
      return "failed";
    case Outcome::skipped:
      return "skipped";
  }
  return {};
}

}  // namespace

bool Report::good() const {
  const auto passed = [&](std::string_view name) {
    return std::ranges::any_of(checks, [&](const Check& check) {
      return check.name == name && check.outcome == Outcome::passed;
    });
  };
  return passed("tarball") && passed("signature") &&
         std::ranges::none_of(checks,
                              [](const Check& check) { return check.outcome == Outcome::failed; });
}

void Report::add(std::string_view name, Outcome outcome, std::string told) {
  checks.push_back({name, outcome, std::move(told)});
}

std::string Report::text() const {
  std::string out;
  for (const Check& check : checks) {
    out += fmt::format("{:<8} {:<15} {}\n", word(check.outcome), check.name, check.told);
  }
  return out +
         fmt::format("{} of {}: {}\n", release, registry, good() ? "verified" : "NOT verified");
}

std::string Report::json() const {
  boost::json::array list;
  for (const Check& check : checks) {
    list.push_back({{"check", check.name}, {"outcome", word(check.outcome)}, {"told", check.told}});
  }
  return boost::json::serialize(boost::json::object{{"release", release},
                                                    {"registry", registry},
                                                    {"good", good()},
                                                    {"checks", std::move(list)}}) +
         "\n";
}

}  // namespace imp::verify
