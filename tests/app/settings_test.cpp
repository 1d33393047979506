#include "app/settings.h"

#include <gtest/gtest.h>

#include <string>

namespace imp::app {
namespace {

/// The issuer as it is used, or the refusal's sentence.
std::string issuer_of(const std::string& text) {
  const std::string variable = "IMPRIMATUR_TRUST_CIRCLECI_ISSUER=" + text;
  const char* environment[] = {variable.c_str(), nullptr};
  const auto settings = load_settings(
      {.config = {}, .data = "/nonexistent", .listen = {}, .public_url = {}, .no_runner = true},
      environment);
  return settings ? settings->circleci_issuer : settings.error().message;
}

TEST(CircleCiIssuer, IsComparedWithWhatTokensNameAndSoHasNoSlashAtItsEnd) {
  EXPECT_EQ(issuer_of("https://oidc.circleci.com"), "https://oidc.circleci.com");
  EXPECT_EQ(issuer_of("https://oidc.circleci.com/"), "https://oidc.circleci.com");
  EXPECT_EQ(issuer_of("http://127.0.0.1:4000/oidc//"), "http://127.0.0.1:4000/oidc");
}

// With one of these no token would ever be of the issuer, and nothing would say why.
TEST(CircleCiIssuer, ThatIsNoAddressStopsTheStart) {
  for (const char* text :
       {"", "/", "oidc.circleci.com", "https://", "https:///", "https:///org", "ftp://ci.example",
        "https://ci.example?x", "https://ci.example#x", "https://user@ci.example",
        "https://ci.example\\x", "https://ci.example /x"}) {
    EXPECT_TRUE(issuer_of(text).starts_with("trust.circleci_issuer: ")) << text << issuer_of(text);
  }
}

}  // namespace
}  // namespace imp::app
