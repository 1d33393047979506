#include "dsse/statement.h"

#include <gtest/gtest.h>

#include "dsse/refusal.h"

namespace imp::dsse {
namespace {

TEST(InTotoStatement, IsWrittenInOneWay) {
  const Statement statement{"pkg:npm/a@1.0.0", "0f", "urn:p", {{"b", 1}, {"a", "x"}}};
  const std::string text = statement_text(statement);
  EXPECT_EQ(text, R"({"_type":"https://in-toto.io/Statement/v1","predicate":{"a":"x","b":1},)"
                  R"("predicateType":"urn:p","subject":[{"digest":{"sha512":"0f"},)"
                  R"("name":"pkg:npm/a@1.0.0"}]})");
  const auto read = parse_statement(text);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(statement_text(*read), text);
}

std::string with(std::string_view type, std::string_view subjects, std::string_view rest) {
  return std::string(R"({"_type":")") + std::string(type) + R"(","subject":)" +
         std::string(subjects) + std::string(rest) + "}";
}

TEST(InTotoStatement, ReadsBothVersions) {
  constexpr std::string_view subject = R"([{"name":"n","digest":{"sha512":"0f"}}])";
  constexpr std::string_view rest = R"(,"predicateType":"p","predicate":{})";
  EXPECT_TRUE(parse_statement(with("https://in-toto.io/Statement/v1", subject, rest)));
  EXPECT_TRUE(parse_statement(with("https://in-toto.io/Statement/v0.1", subject, rest)));
  EXPECT_FALSE(parse_statement(with("https://in-toto.io/Statement/v2", subject, rest)));
}

TEST(InTotoStatement, RefusesWhatIsNotClear) {
  constexpr std::string_view v1 = "https://in-toto.io/Statement/v1";
  constexpr std::string_view one = R"([{"name":"n","digest":{"sha512":"0f"}}])";
  constexpr std::string_view rest = R"(,"predicateType":"p","predicate":{})";
  const std::string cases[] = {
      "",
      "[]",
      "{}",
      with(v1, "[]", rest),
      with(v1, R"([{"name":"n","digest":{"sha512":"0f"}},{"name":"m","digest":{"sha512":"1f"}}])",
           rest),
      with(v1, R"([{"digest":{"sha512":"0f"}}])", rest),
      with(v1, R"([{"name":"n","digest":{"sha256":"0f"}}])", rest),
      with(v1, R"([{"name":"n","digest":"0f"}])", rest),
      with(v1, R"([1])", rest),
      with(v1, one, R"(,"predicate":{})"),
      with(v1, one, R"(,"predicateType":"p")"),
      with(v1, one, R"(,"predicateType":"p","predicate":[])"),
      // Readers differ in which of two members of one name counts.
      with(v1, one, R"(,"predicateType":"p","predicate":{},"predicate":{})"),
      with(v1, one, std::string(rest) + R"(,"subject":[])"),
      with(v1, one, rest) + "{}",
  };
  for (const std::string& text : cases) {
    const auto read = parse_statement(text);
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().code(), reason(DsseRefusal::malformed_statement).code) << text;
  }
}

}  // namespace
}  // namespace imp::dsse
