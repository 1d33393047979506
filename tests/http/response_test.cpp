#include "http/response.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "http/response_head.h"

namespace imp::http {
namespace {

TEST(Response, AFailureIsInTheFormOfNpmClients) {
  const Response response =
      failure({{"claim_mismatch", FailureKind::forbidden}, "Wrong branch.", "private detail"});
  EXPECT_EQ(response.status, 403);
  const auto body = boost::json::parse(std::get<std::string>(response.body));
  EXPECT_EQ(body,
            (boost::json::value{{"error", "Wrong branch."},
                                {"message", "Wrong branch."},
                                {"code", "claim_mismatch"},
                                {"help", "/-/docs/guide/troubleshooting.md#claim_mismatch"}}));
}

TEST(Response, AChallengeAsksForAOneTimePassword) {
  const Response response = failure({{"otp_required", FailureKind::challenge}, "OTP needed.", ""});
  EXPECT_EQ(response.status, 401);
  EXPECT_NE(std::ranges::find(response.headers,
                              std::pair<std::string, std::string>("www-authenticate", "OTP")),
            response.headers.end());
}

TEST(Response, HeadersThatWouldSplitTheAnswerAreInvalid) {
  const Headers table[] = {{{"a", "1\r\nSet-Cookie: x"}},
                           {{"a", "1\n2"}},
                           {{"a", std::string("1\0", 2)}},
                           {{"a:", "1"}},
                           {{"a b", "1"}},
                           {{"", "1"}}};
  for (const Headers& headers : table) EXPECT_FALSE(is_valid(headers));
  EXPECT_TRUE(is_valid({{"x-a", "tab\tand \xc3\xa9"}}));
}

TEST(Response, OpensFilesWithTheirSize) {
  EXPECT_FALSE(open_file_body("/does/not/exist"));
  EXPECT_FALSE(open_file_body("/tmp"));  // a directory has no bytes
}

}  // namespace
}  // namespace imp::http
