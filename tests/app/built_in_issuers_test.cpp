#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "app/registry_half.h"
#include "registry/trust/issuer_table.h"

namespace imp::app {
namespace {

std::string listed(const std::vector<trust::Issuer>& issuers) {
  std::string lines;
  for (const trust::Issuer& issuer : issuers) {
    lines += fmt::format("{} {} {} {} {}\n", issuer.id, issuer.kind(), issuer.base_url,
                         issuer.max_age.count(), issuer.max_lifetime.count());
  }
  return lines;
}

TEST(BuiltInIssuers, AreThisServersAndThoseThatProvidersKnow) {
  Settings settings;
  settings.public_url = "https://npm.example.org";
  EXPECT_EQ(listed(built_in_issuers(settings, "http://127.0.0.1:1")),
            "imprimatur imprimatur https://npm.example.org/oidc 300 7200\n"
            "circleci circleci https://oidc.circleci.com 300 7200\n"
            "github github https://token.actions.githubusercontent.com 300 7200\n"
            "gitlab gitlab https://gitlab.com 3600 3600\n");
  settings.circleci_issuer = "https://circleci.example.org";
  settings.identity_token_age = std::chrono::minutes(2);
  EXPECT_EQ(listed(built_in_issuers(settings, "")),
            "imprimatur imprimatur https://npm.example.org/oidc 120 7200\n"
            "circleci circleci https://circleci.example.org 120 7200\n"
            "github github https://token.actions.githubusercontent.com 120 7200\n"
            "gitlab gitlab https://gitlab.com 3600 3600\n");
}

TEST(BuiltInIssuers, AreAllowedWhatTheSettingsAllow) {
  Settings settings;
  const auto allowed = [&] {
    std::string marks;
    for (const trust::Issuer& issuer : built_in_issuers(settings, "http://127.0.0.1:1")) {
      marks += fmt::format("{}{} ", issuer.private_addresses ? "private" : "public",
                           issuer.self_hosted_runners ? "+runners" : "");
    }
    return marks;
  };
  // This very server is reached on this machine.
  EXPECT_EQ(allowed(), "private public public public ");
  settings.self_hosted_runners = true;  // CircleCI's tokens say nothing of runners
  EXPECT_EQ(allowed(), "private public public+runners public+runners ");
  settings.issuer_private_addresses = true;
  EXPECT_EQ(allowed(), "private private private+runners private+runners ");
}

}  // namespace
}  // namespace imp::app
