#include "verify/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "base/printable.h"

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
  checks.push_back({std::string(name), outcome, std::move(told)});
}

void Report::require(const std::string& name) {
  bool made = false;
  for (Check& check : checks) {
    if (check.name != name) continue;
    made = true;
    if (check.outcome == Outcome::skipped) {
      check = {name, Outcome::failed, "it is required: " + check.told};
    }
  }
  if (!made) add(name, Outcome::failed, "it is required, and there is nothing to check");
}

std::string Report::text() const {
  std::string out;
  for (const Check& check : checks) {
    out += fmt::format("{:<8} {:<15} {}\n", word(check.outcome), check.name, printable(check.told));
  }
  return out + fmt::format("{} of {}: {}\n", printable(release), printable(registry),
                           good() ? "verified" : "NOT verified");
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
