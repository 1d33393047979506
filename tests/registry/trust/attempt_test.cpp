#include "registry/trust/attempt.h"

#include "base/uuid.h"
#include "trust_fixture.h"

namespace imp::trust::test {
namespace {

class AttemptTest : public TrustTest {
 protected:
  void record(std::string outcome, bool proved, std::string_view name = "@acme/widget",
              std::optional<char> last_digit_of_id = {}) {
    clock.advance(Milliseconds(1));
    Attempt attempt;
    attempt.id = new_ordered_uuid(clock.now());
    if (last_digit_of_id) attempt.id.back() = *last_digit_of_id;
    attempt.package_name = name;
    attempt.at = clock.now();
    attempt.action = "exchange";
    attempt.outcome = std::move(outcome);
    attempt.issuer = kBase;
    attempt.proved = proved;
    const auto done = write([&](db::Session& session) -> Result<void> {
      record_attempt(session, attempt);
      return {};
    });
    ASSERT_TRUE(done) << done.error().detail;
  }
};

TEST_F(AttemptTest, TheLastHundredAreKept) {
  for (int i = 0; i < kKeptAttempts + 30; ++i) record("try-" + std::to_string(i), true);
  const auto kept = attempts();
  ASSERT_EQ(kept.size(), static_cast<std::size_t>(kKeptAttempts));
  EXPECT_EQ(kept.front().outcome, "try-129");
  EXPECT_EQ(kept.back().outcome, "try-30");
}

// Each time would be too dear: one in sixteen does it, by its id.
TEST_F(AttemptTest, OlderOnesGoAfterAWhile) {
  for (int i = 0; i < kKeptAttempts + 30; ++i) record("granted", true, "@acme/widget", 'f');
  EXPECT_EQ(count("SELECT COUNT(*) FROM publish_attempt"), kKeptAttempts + 30);
  record("granted", true, "@acme/widget", '0');
  EXPECT_EQ(count("SELECT COUNT(*) FROM publish_attempt"), kKeptAttempts);
}

// With a publisher for a scope, anybody of its project can make up names.
TEST_F(AttemptTest, ThoseOfNamesThatNeverCameToBeAreForgotten) {
  for (int i = 0; i < 25; ++i) record("refused", true, "@acme/made-up-" + std::to_string(i));
  record("granted", true);
  clock.advance(kUnownedKept);
  record("refused", true, "@acme/made-up-late");
  std::string from;
  int looks = 0;
  do {
    const auto next = forget_unowned_attempts(*database, from, clock.now(), 10);
    ASSERT_TRUE(next) << next.error().detail;
    from = *next;
  } while (++looks < 10 && !from.empty());
  EXPECT_EQ(looks, 3);
  EXPECT_EQ(attempts().size(), 1u);
  EXPECT_EQ(attempts("@acme/made-up-late").size(), 1u);
  EXPECT_EQ(attempts("@acme/made-up-0").size(), 0u);
}

TEST_F(AttemptTest, StrangersCannotPushOutTheOthers) {
  record("granted", true);
  for (int i = 0; i < 200; ++i) record("bad_signature", false);
  const auto kept = attempts();
  EXPECT_EQ(kept.size(), static_cast<std::size_t>(kKeptUnproved) + 1);
  EXPECT_EQ(kept.back().outcome, "granted");
}

TEST_F(AttemptTest, ArePerPackage) {
  add_package("@acme/other");
  record("granted", true, "@acme/other");
  for (int i = 0; i < kKeptAttempts + 1; ++i) record("granted", true);
  EXPECT_EQ(attempts("@acme/other").size(), 1u);
  EXPECT_TRUE(attempts("@acme/absent").empty());
}

TEST_F(AttemptTest, TellWhatTheLastJobOfAPublisherHadBesides) {
  const auto attempt = [](std::string publisher, std::string outcome, std::string environment) {
    Attempt made;
    made.action = "exchange";
    made.outcome = std::move(outcome);
    made.publisher_id = publisher;
    std::vector<UnaskedClaim> had;
    if (!environment.empty()) had.push_back({"environment", environment});
    made.comparison = {comparison_json("other", {}), comparison_json(publisher, {}, had)};
    return made;
  };
  const std::vector<Attempt> newest_first = {
      attempt("a", "replayed", "staging"), attempt("b", "granted", "test"),
      attempt("a", "granted", "npm"), attempt("a", "granted", ""), attempt("c", "granted", "")};
  EXPECT_EQ(last_unasked(newest_first, "a"),
            json::parse(R"([{"claim": "environment", "received": "npm"}])"));
  EXPECT_EQ(last_unasked(newest_first, "c"), json::array());
  EXPECT_EQ(last_unasked(newest_first, "d"), json::array());
}

TEST_F(AttemptTest, KeepTheComparison) {
  const auto expected = required(publisher_claims()).value();
  const json::object line = comparison_json(
      kOther, compare(expected, changed(job_claims(), claim("vcs-origin"), "\"github.com/a/b\"")));
  EXPECT_EQ(line.at("publisher"), json::value(kOther));
  const json::object origin = line.at("claims").as_array().at(3).as_object();
  EXPECT_EQ(origin.at("claim"), json::value(claim("vcs-origin")));
  EXPECT_EQ(origin.at("expected"), json::value(kOrigin));
  EXPECT_EQ(origin.at("received"), json::value("github.com/a/b"));
  EXPECT_EQ(origin.at("agreed"), json::value(false));
}

}  // namespace
}  // namespace imp::trust::test
