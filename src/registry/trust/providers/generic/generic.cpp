#include "registry/trust/providers/generic/generic.h"

#include <algorithm>
#include <array>

#include "registry/trust/file_claims.h"
#include "registry/trust/ref_pattern.h"

namespace imp::trust {

namespace {

Result<void> check(const boost::json::object& token, const std::optional<std::string>&) {
  return check_texts(token, {"sub"});
}

constexpr std::array<std::string_view, 5> kRun = {"sub", "ref", "ref_path", "sha", "run_id"};

bool is_of_a_ref(std::string_view word) {
  return word == "ref" || word == "branch" || word == "tag";
}

}  // namespace

const ClaimForm& form_of_open_claim(std::string_view name) {
  constexpr std::string_view between = "_-./:";
  for (std::size_t from = 0; from <= name.size();) {
    const std::size_t end = std::min(name.find_first_of(between, from), name.size());
    if (is_of_a_ref(name.substr(from, end - from))) return kAnyRef;
    from = end + 1;
  }
  return kText;
}

const Provider& generic() {
  static const Provider provider = {.type = "generic",
                                    .name = "OpenID Connect",
                                    .machine_name = "CI identity",
                                    .machine_email = "oidc-no-reply@localhost",
                                    .form_of_open_claim = form_of_open_claim,
                                    .run_claims = kRun,
                                    .tenant_of_path = only_the_base,
                                    .check = check};
  return provider;
}

}  // namespace imp::trust
