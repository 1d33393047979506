#include "demo/secrets.h"

#include <gtest/gtest.h>

namespace imp::demo {
namespace {

struct Case {
  std::string name, text, shown;
};

class Secrets : public testing::TestWithParam<Case> {};

TEST_P(Secrets, AreCutToTheirBeginning) {
  EXPECT_EQ(shorten_secrets(GetParam().text), GetParam().shown);
}

const std::string code(64, 'a');

INSTANTIATE_TEST_SUITE_P(
    All, Secrets,
    testing::Values(
        Case{"access_token", "Bearer imp_0123456789abcdefghij!", "Bearer imp_0123…!"},
        Case{"identity_token", "NPM_ID_TOKEN=eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJ4In0.c2ln",
             "NPM_ID_TOKEN=eyJhbGci…"},
        Case{"recovery_code", "[\"" + code + "\"]", "[\"aaaaaa…\"]"},
        Case{"authenticator", "otpauth://totp/I:a?secret=ABCDEFGHIJ&digits=6",
             "otpauth://totp/I:a?secret=ABCD…&digits=6"},
        // The whole of it, however short.
        Case{"password_in_json", R"({"password":"abc","mode":"x"})",
             R"({"password":"…","mode":"x"})"},
        Case{"at_the_end", "imp_0123456789abcdefghij", "imp_0123…"},
        // What must stay readable: identifiers, one-time codes, words that only begin alike.
        Case{"uuid", "43d868ce-4d97-4ac6-86fd-4784eff3bf49",
             "43d868ce-4d97-4ac6-86fd-4784eff3bf49"},
        Case{"one_time_code", "--otp=123456", "--otp=123456"},
        Case{"short_word", "imp_base eyJ", "imp_base eyJ"}, Case{"nothing", "", ""}),
    [](const auto& one) { return one.param.name; });

}  // namespace
}  // namespace imp::demo
